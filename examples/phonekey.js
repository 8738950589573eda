/** Where your Phonekey is. */
export const PHONEKEY_URL = process.env.PHONEKEY_URL ?? "http://localhost:8080";

/** What Phonekey answered instead of what was asked for (RFC 9457). */
export class Refused extends Error {
  constructor({ status, code, detail, field, retryAfter, requestId, challenge }) {
    super(`${code}: ${detail}`);
    this.name = "Refused";
    Object.assign(this, { status, code, field, retryAfter, requestId, challenge });
  }
}

/**
 * Calls the API of Phonekey. Resolves with what it answers, and throws `Refused` for a refusal.
 *
 * @param {string} method
 * @param {string} path such as `/v1/verifications`
 * @param {{ body?: object, token?: string, headers?: Record<string, string> }} [request] `token` is an access token or an
 *   API key
 */
export async function phonekey(method, path, { body, token, headers } = {}) {
  const response = await fetch(PHONEKEY_URL + path, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw new Error(`no Phonekey answers at ${PHONEKEY_URL}`, { cause });
  });
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Refused(answer);
  return answer;
}
