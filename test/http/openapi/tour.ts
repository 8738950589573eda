import type { RefusalCode } from "../../../src/core/refusals.ts";
import type { Operation } from "../../../src/http/api/operation.ts";
import type { createTestVerifier } from "../../support/challenges.ts";
import { bearer, type OpenedSession, type World } from "../../support/world.ts";
import type { ProblemBody } from "../support.ts";

export const KEY = "9f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b";
export const ID = { verification: "A".repeat(22), session: "0197c2a0-0000-7000-8000-000000000000" };

export interface Seen {
  readonly name: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly code: RefusalCode | undefined;
}

type Init = RequestInit & { readonly id?: string; readonly query?: string; readonly from?: string };

/** Calls the API, so that every answer is seen. */
export interface Tour {
  readonly world: World;
  /** Judges the challenges of that world. */
  readonly challenge: ReturnType<typeof createTestVerifier>;
  /** Makes a call, records its answer under the operation's name, and resolves with its body. */
  call<T>(name: string, init?: Init, at?: World): Promise<T>;
}

export function createTour(world: World, challenge: Tour["challenge"], seen: Seen[]): Tour {
  const call = async <T>(name: string, init: Init = {}, at = world): Promise<T> => {
    const [method = "", path = ""] = name.split(" ");
    const response = await at.request(path.replace("{id}", init.id ?? "") + (init.query ?? ""), {
      ...init,
      method,
    });
    const text = await response.text();
    const value = text === "" ? undefined : JSON.parse(text);
    const type = response.headers.get("content-type");
    const code = type === "application/problem+json" ? (value as ProblemBody).code : undefined;
    seen.push({ name, status: response.status, type, text, code });
    return value as T;
  };
  return { world, challenge, call };
}

export const json = (body: unknown, headers: Record<string, string> = {}) => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});
export const asUser = ({ accessToken }: OpenedSession) => ({ headers: bearer(accessToken) });
export const tooLarge = (headers: Record<string, string> = {}) => ({
  body: "x".repeat(17_000),
  headers: { "content-length": "17000", ...headers },
});

export const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;
