import type { Context } from "hono";
import { ok, type Result, refuse } from "../../core/refusals.ts";
import { browserOf, type Flow } from "../../core/session/flow.ts";
import type { Client } from "../../core/verification/client.ts";
import type { Env, HttpDeps } from "../context.ts";
import { fromOf } from "../middleware/request-context.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import type { ReturnToCopy } from "./copy/return-to.ts";
import { csrfToken, type Fields, isOwnForm, readForm } from "./forms/forms.ts";

/** What an app asked for when it sent the person here. */
export interface ReturnRequest {
  readonly returnTo?: string;
  readonly state?: string;
  readonly challenge?: string;
}

/** The flow that this browser is in, if it has one. */
export async function currentFlow(c: Context<Env>, deps: HttpDeps): Promise<Flow | undefined> {
  const cookie = readCookie(c, deps.settings, "flow");
  return cookie ? await deps.phonekey.flow.read(cookie) : undefined;
}

/** A flow for a browser that has none. */
export function newFlow({ random }: Pick<HttpDeps, "random">): Flow {
  return { pre: Buffer.from(random.bytes(16)).toString("base64url") };
}

/** The current flow or a new one, together with the app's request if the address contains one. */
export function beginFlow(deps: HttpDeps, current: Flow | undefined, request: ReturnRequest): Flow {
  const { pre, verification } = current ?? newFlow(deps);
  return { pre, ...(verification && { verification }), ...request };
}

export async function keepFlow(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<void> {
  writeCookie(c, deps.settings, "flow", await deps.phonekey.flow.issue(flow));
}

export function flowCsrf(flow: Flow): string {
  return csrfToken(flow.pre);
}

/** The client of the pages: this browser, on this device, from this address. */
export function pageClient(c: Context<Env>, deps: HttpDeps, flow: Flow): Client {
  const deviceToken = readCookie(c, deps.settings, "device");
  return {
    browser: browserOf(flow),
    ...fromOf(c),
    ...(deviceToken && { deviceToken }),
  };
}

/** A form that its own page sent, and the flow that its browser is in. */
export interface FlowForm {
  readonly flow: Flow;
  readonly fields: Fields;
}

/**
 * The browser's flow together with a form that its own page sent. Anything else is `forbidden_origin`.
 *
 * @param current reads the page's own flow, if it has one
 */
export async function flowForm(
  c: Context<Env>,
  deps: HttpDeps,
  current: typeof currentFlow = currentFlow,
): Promise<Result<FlowForm, "forbidden_origin">> {
  const flow = await current(c, deps);
  const fields = await readForm(c);
  if (!flow || !fields || !isOwnForm(c, deps.settings, fields, flowCsrf(flow)))
    return refuse("forbidden_origin");
  return ok({ flow, fields });
}

/** What an app asked for, or the part of it that is wrong. */
type ReturnRead =
  | { readonly ok: true; readonly value: ReturnRequest }
  | { readonly ok: false; readonly wrong: keyof ReturnToCopy };

/**
 * The app's request in the page's address: `return_to`, exactly one of the allowed ones, with a PKCE challenge (RFC
 * 7636; only S256) and an optional `state`. If any part of it is wrong, all of it is refused (T39).
 */
export function readReturnRequest(
  query: (name: string) => string | undefined,
  allowed: readonly string[],
): ReturnRead {
  const returnTo = query("return_to");
  if (returnTo === undefined) return { ok: true, value: {} };
  const challenge = query("code_challenge") ?? "";
  const state = query("state");
  const wrong = (part: keyof ReturnToCopy) => ({ ok: false, wrong: part }) as const;
  if (!allowed.includes(returnTo)) return wrong(isOfOrigin(returnTo, allowed) ? "address" : "origin");
  if (query("code_challenge_method") !== "S256" || !/^[A-Za-z0-9_-]{43}$/.test(challenge))
    return wrong("challenge");
  if (state !== undefined && !/^[\x20-\x7e]{1,512}$/.test(state)) return wrong("state");
  return { ok: true, value: { returnTo, challenge, ...(state && { state }) } };
}

/** Whether one of these addresses has the same origin. */
function isOfOrigin(address: string, allowed: readonly string[]): boolean {
  const origin = URL.canParse(address) ? new URL(address).origin : undefined;
  return allowed.some((one) => new URL(one).origin === origin);
}

/**
 * Whether the visitor followed a link of our own pages, for example to enter another number. Then an app's request goes
 * on.
 */
export function isOwnLink(c: Context<Env>): boolean {
  return c.req.header("sec-fetch-site") === "same-origin";
}

/** The address that brings the person back to the app. */
export function returnAddress(flow: Flow, handover: string): string {
  const url = new URL(flow.returnTo ?? "");
  url.searchParams.set("handover", handover);
  if (flow.state) url.searchParams.set("state", flow.state);
  return url.href;
}
