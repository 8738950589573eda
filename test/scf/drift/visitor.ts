import type { TakenSms } from "../../support/tencent/sms-send.ts";
import type { Script } from "./requests.ts";
import type { WayIn, WireAnswer, WireRequest } from "./wire.ts";

/** A client that keeps the ids, tokens and cookies of one deployment, and sends them again. */
export interface Visitor {
  play(script: Script): Promise<WireAnswer>;
}

const HOST = "1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com";

export function createVisitor(send: WayIn, taken: readonly TakenSms[]): Visitor {
  const cookies = new Map<string, string>();
  const known = new Map<string, string>();
  const keep = (name: string, value: unknown) => {
    if (typeof value === "string") known.set(name, value);
  };
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)(?::(\d+))?\}\}/g, (_, what, phone) => lookUp(what, phone));
  const codeOf = (phone: string) => {
    const text = taken.findLast(({ to }) => to === `+86${phone}`)?.text ?? "";
    return /\d{6}/.exec(text)?.[0] ?? "111111";
  };
  const lookUp = (what: string, phone?: string) => {
    if (what === "code") return codeOf(phone ?? "");
    if (what === "pageCode") return codeOf(known.get("pagePhone") ?? "");
    return known.get(phone ? `${what}:${phone}` : what) ?? "none";
  };

  function learn({ path, body: sent = "", query }: WireRequest, { headers, body }: WireAnswer): void {
    for (const cookie of [headers["set-cookie"] ?? []].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    keep("csrf", /name="csrf" value="([^"]+)"/.exec(body)?.[1]);
    const phone = /1380013\d{4}/.exec(`${sent}${JSON.stringify(query)}`)?.[0] ?? "";
    if (path === "/sign-in" && phone) keep("pagePhone", phone);
    if (!body.startsWith("{")) return;
    const { id, accessToken, refreshToken, data } = JSON.parse(body) as Record<string, unknown>;
    const { sessionId, token, userId } = (data ?? {}) as Record<string, unknown>;
    if (path === "/v1/verifications") keep(`id:${phone}`, id);
    keep("access", accessToken);
    if (refreshToken !== undefined) keep("spent", known.get("refresh"));
    keep("refresh", refreshToken);
    keep(`sid:${phone}`, sessionId);
    keep("token", token);
    keep("user", userId);
  }

  return {
    async play({ hasCookies, ...script }) {
      const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = Object.entries(script.headers).map(([name, value]) => [name, fill(value)]);
      const request: WireRequest = {
        ...script,
        path: fill(script.path),
        query: script.query.map(([name, value]) => [name, fill(value)]),
        headers: {
          host: HOST,
          "x-scf-remote-addr": "127.0.0.1:52344",
          ...Object.fromEntries(headers),
          ...(hasCookies && jar && { cookie: jar }),
        },
        ...(script.body !== undefined && { body: fill(script.body) }),
      };
      const answer = await send(request);
      learn(request, answer);
      return answer;
    },
  };
}

/** What HTTP servers add, and what differs from moment to moment. */
const INCIDENTAL = [
  "date",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "x-request-id",
];

/** An answer without what is made anew each time: ids, tokens, times, and how long to wait. */
export function essence({ status, headers, body }: WireAnswer): object {
  // Their order has no meaning (RFC 9110, section 5.3).
  const fields = Object.entries(headers)
    .filter(([name]) => !INCIDENTAL.includes(name))
    .toSorted();
  const cookies = [headers["set-cookie"] ?? []].flat().map(masked);
  return {
    status,
    headers: {
      ...Object.fromEntries(fields.map(([name, value]) => [name, masked(String(value))])),
      "set-cookie": cookies,
    },
    body: masked(body),
  };
}

function masked(text: string): string {
  return (
    text
      .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")
      .replace(/[\w-]{22,}(\.[\w-]*)*/g, "<secret>")
      // What is left of a wait of ten minutes: the test is over before it is less than a hundred seconds.
      .replace(/\b([1-5]\d\d|600)\b/g, "<seconds>")
      .replace(/\d+ ?(minutes?|分钟)/g, "<minutes>")
      .replace(/ checked=""/g, "")
      .replace(/("kid":")[^"]+/g, "$1<key>")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      .replace(/("(?:retryAfter|expiresAt|resendAt|createdAt|lastUsedAt|expiresIn)":)\d+/g, "$1<number>")
      .replace(/(Max-Age=)\d+/g, "$1<number>")
      .replace(/avatars\/\d+/g, "avatars/<n>")
  );
}
