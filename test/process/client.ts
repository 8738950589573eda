import { randomInt } from "node:crypto";
import { canary } from "../support/canaries.ts";
import type { RunningServer } from "../support/server.ts";
import type { OpenedSession } from "../support/world.ts";

export { wrongCode } from "../support/codes.ts";

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Started {
  readonly id: string;
  readonly codeLength: number;
  readonly expiresAt: string;
}

export interface Mail {
  readonly to: string;
  readonly text: string;
  readonly purpose: string;
  readonly sentAt: string;
}

/** Lifts the limits that strangers share, for tests that sign in a lot from one address. */
export const FREELY = {
  LIMIT_ADDRESS_SENDS: "unlimited",
  LIMIT_ADDRESS_CHECKS: "unlimited",
  LIMIT_PREFIX_SENDS: "unlimited",
  LIMIT_COUNTRY_SENDS: "unlimited",
  LIMIT_TOTAL_SENDS: "unlimited",
  GUARD_MODE: "off",
  RESEND_SECONDS: "1",
};

const base = randomInt(90_000_000);
let given = 0;

/** A mobile number of mainland China that no test of this run has used. */
export function newPhone(): string {
  given += 1;
  const phone = `+86138${String((base + given) % 100_000_000).padStart(8, "0")}`;
  canary("phone", phone);
  return phone;
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** What a client of the native API does. Every phone, code and token it meets becomes a canary. */
export function createClient({ url }: Pick<RunningServer, "url">) {
  async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Answer<T>> {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) as T };
  }
  const client = {
    call,
    get: <T = Record<string, unknown>>(path: string, headers: Record<string, string> = {}) =>
      call<T>("GET", path, headers),
    post: <T = Record<string, unknown>>(path: string, body: unknown, headers: Record<string, string> = {}) =>
      call<T>("POST", path, headers, body),
    async inbox(phone: string): Promise<readonly Mail[]> {
      const path = `/dev/inbox.json?phone=${encodeURIComponent(phone)}`;
      return (await client.get<{ messages: readonly Mail[] }>(path)).body.messages;
    },
    /** The code of the last message to this phone. */
    async code(phone: string): Promise<string> {
      const [last] = await client.inbox(phone);
      const code = /#(\d{6,8})$/.exec(last?.text ?? "")?.[1];
      if (!code) throw new Error(`there is no code for ${phone} in the inbox`);
      canary("code", code);
      return code;
    },
    async start(phone: string, headers: Record<string, string> = {}): Promise<Started> {
      canary("phone", phone);
      return expectStatus(201, await client.post<Started>("/v1/verifications", { phone }, headers));
    },
    open: (verificationId: string, code: string) =>
      client.post<OpenedSession>("/v1/sessions", { verificationId, code }),
    async signIn(phone: string): Promise<OpenedSession> {
      const { id } = await client.start(phone);
      return keepSecret(expectStatus(201, await client.open(id, await client.code(phone))));
    },
    async refresh(refreshToken: string): Promise<OpenedSession> {
      const answer = await client.post<OpenedSession>("/v1/sessions/refresh", { refreshToken });
      return keepSecret(expectStatus(200, answer));
    },
  };
  return client;
}

export type Client = ReturnType<typeof createClient>;

function expectStatus<T>(status: number, answer: Answer<T>): T {
  if (answer.status === status) return answer.body;
  throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}

function keepSecret(session: OpenedSession): OpenedSession {
  for (const token of [session.accessToken, session.refreshToken, session.deviceToken])
    canary("token", token);
  return session;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
