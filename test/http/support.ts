import { expect } from "vitest";
import type { RefusalCode } from "../../src/core/refusals.ts";
import { REFUSALS } from "../../src/core/refusals.ts";
import { MINUTE } from "../support/times.ts";
import type { OpenedSession, World } from "../support/world.ts";

export { wrongCode } from "../support/codes.ts";
export { DAY as DAY_MS, MINUTE as MINUTE_MS, SECOND as SECOND_MS } from "../support/times.ts";

export const PHONE = "+8613800138000";

export interface VerificationBody {
  readonly id: string;
  readonly status: string;
  readonly purpose: string;
  readonly phone: string;
  readonly codeLength: number;
  readonly expiresAt: string;
  readonly resendAt: string;
}

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode;
  readonly field?: string;
  readonly requestId: string;
  readonly retryAfter?: number;
}

/** The nth of some mobile numbers of mainland China. */
export function phoneNo(n: number): string {
  return `+86138${String(n).padStart(8, "0")}`;
}

export async function bodyOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** Starts a verification that must succeed. */
export async function start(
  world: World,
  phone = PHONE,
  more: object = {},
  headers: Record<string, string> = {},
): Promise<VerificationBody> {
  const response = await world.post("/v1/verifications", { phone, ...more }, headers);
  expect(response.status).toBe(201);
  return await bodyOf<VerificationBody>(response);
}

/** A known device is sent the verification again that it holds; a stranger gets a new one. Takes twelve minutes. */
export async function isKnown(world: World, deviceToken: string, phone = PHONE): Promise<boolean> {
  world.clock.advance(10 * MINUTE);
  const { id } = await start(world, phone, { deviceToken });
  world.clock.advance(2 * MINUTE);
  return (await start(world, phone, { deviceToken })).id === id;
}

export async function read(world: World, id: string): Promise<VerificationBody> {
  const response = await world.request(`/v1/verifications/${id}`);
  expect(response.status).toBe(200);
  return await bodyOf<VerificationBody>(response);
}

export function resend(world: World, id: string, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(world.request(`/v1/verifications/${id}/resend`, { method: "POST", headers }));
}

export function open(world: World, verificationId: string, code: string, more: object = {}) {
  return Promise.resolve(world.post("/v1/sessions", { verificationId, code, ...more }));
}

export async function opened(response: Response): Promise<OpenedSession> {
  expect(response.status).toBe(201);
  return await bodyOf<OpenedSession>(response);
}

/** Asserts that this is the refusal as a whole problem document, and resolves with it. */
export async function refused(response: Response, code: RefusalCode, field?: string): Promise<ProblemBody> {
  const problem = await bodyOf<ProblemBody>(response);
  expect({ status: response.status, code: problem.code, field: problem.field }).toEqual({
    status: REFUSALS[code].status,
    code,
    field,
  });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(problem.status).toBe(response.status);
  expect(problem.type).toBe(`/docs#error-${code}`);
  expect(problem.requestId).toBe(response.headers.get("x-request-id"));
  // Without a scheme some clients throw instead of returning the answer (RFC 9110, section 15.5.2).
  if (response.status === 401)
    expect(response.headers.get("www-authenticate")).toMatch(/^(Bearer|Phonekey) \w+="\w+"$/);
  expect(response.headers.get("retry-after")).toBe(problem.retryAfter ? String(problem.retryAfter) : null);
  return problem;
}

const FIXED = {
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Expects the headers that every answer has (T47). */
export function expectSecured(response: Response): void {
  expect(Object.fromEntries(response.headers)).toMatchObject(FIXED);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
  expect(response.headers.get("permissions-policy")).toContain("camera=()");
  expect(response.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  expect(response.headers.has("server")).toBe(false);
  expect(response.headers.has("x-powered-by")).toBe(false);
}
