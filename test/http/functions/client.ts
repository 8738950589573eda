import { expect } from "vitest";
import type { World } from "../../support/world.ts";

/** What every function answers. */
export interface Answer {
  readonly errorCode: number;
  readonly errorMessage: string;
  readonly data?: Readonly<Record<string, string | number>>;
}

export type Parameters = Readonly<Record<string, string>>;

/** The ways in which clients of the demo send their parameters. */
export const WAYS = {
  query: (parameters: Parameters) => ({ query: `?${new URLSearchParams(parameters)}`, init: {} }),
  form: (parameters: Parameters) => posted("application/x-www-form-urlencoded", form(parameters)),
  json: (parameters: Parameters) => posted("application/json", JSON.stringify(parameters)),
  "json as text": (parameters: Parameters) => posted("text/plain;charset=UTF-8", JSON.stringify(parameters)),
  "form as text": (parameters: Parameters) => posted("text/plain;charset=UTF-8", form(parameters)),
  "form as JSON": (parameters: Parameters) => posted("application/json", form(parameters)),
} as const;

export type Way = keyof typeof WAYS;

const form = (parameters: Parameters) => new URLSearchParams(parameters).toString();

function posted(type: string, body: string) {
  return { query: "", init: { method: "POST", headers: { "content-type": type }, body } };
}

/** A client of the demo at an address of its own. */
export function createFunctionsClient(world: () => World, from: string, way: Way = "form") {
  async function call(name: string, parameters: Parameters): Promise<Answer> {
    const { query, init } = WAYS[way](parameters);
    const response = await world().request(`/functions/${name}${query}`, { ...init, from });
    const answer = (await response.json()) as Answer;
    expect(response.status, JSON.stringify(answer)).toBe(200);
    return answer;
  }
  const client = {
    from,
    call,
    getSms: (phone: string) => call("sms", { method: "getSms", phone }),
    login: (phone: string, code: string, sessionId: string) =>
      call("sms", { method: "login", phone, code, sessionId }),
    tokenLogin: (phone: string, token: string) => call("sms", { method: "login", phone, token }),
    getUserInfo: (about: Parameters, token: string) => call("getUserInfo", { ...about, token }),
    setNickname: (userId: string, name: string, token: string) =>
      call("setNickname", { userId, name, token }),
    /** Asks for a code that must be sent, and resolves with its session id. */
    async started(phone: string): Promise<string> {
      const { errorCode, data } = await client.getSms(phone);
      expect(errorCode).toBe(0);
      return String(data?.sessionId);
    },
    /** Signs in, which must succeed. */
    async signedIn(phone: string): Promise<{ token: string; userId: string }> {
      const sessionId = await client.started(phone);
      const { errorCode, data } = await client.login(phone, codeFor(world(), phone), sessionId);
      expect(errorCode).toBe(0);
      return { token: String(data?.token), userId: String(data?.userId) };
    },
  };
  return client;
}

/** The code of the last message to this phone, as its owner reads it. */
export function codeFor(world: World, phone: string): string {
  return world.sms.lastCode(`+86${phone}`);
}
