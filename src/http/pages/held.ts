import type { Context } from "hono";
import type { Flow } from "../../core/session/flow.ts";
import type { VerificationView } from "../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../context.ts";
import { type CookieName, clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { newFlow, pageClient } from "./flow.ts";

/** What a page keeps of the code that it sent. */
export interface SentCode {
  readonly phoneMasked: string;
  readonly codeLength: number;
  readonly resendInSeconds: number;
}

/**
 * The code that one of the account's pages sent to this browser. A cookie of that page names it, even after it was
 * used.
 */
export function createHeld(cookie: CookieName) {
  async function kept(c: Context<Env>, deps: HttpDeps): Promise<Flow | undefined> {
    const token = readCookie(c, deps.settings, cookie);
    return token ? await deps.phonekey.flow.read(token) : undefined;
  }
  const held = {
    async flow(c: Context<Env>, deps: HttpDeps): Promise<Flow> {
      return (await kept(c, deps)) ?? newFlow(deps);
    },
    /** Like `flow`, but also keeps the flow: a form that is sent twice must come in one flow to be recognised. */
    async begin(c: Context<Env>, deps: HttpDeps): Promise<Flow> {
      const flow = await kept(c, deps);
      if (flow) return flow;
      const begun = newFlow(deps);
      await held.keep(c, deps, begun);
      return begun;
    },
    async keep(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<void> {
      writeCookie(c, deps.settings, cookie, await deps.phonekey.flow.issue(flow));
    },
    forget(c: Context<Env>, deps: HttpDeps): void {
      clearCookie(c, deps.settings, cookie);
    },
    /** The code that was sent and still works, if there is one. */
    async code(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<SentCode | undefined> {
      const view = await heldVerification(c, deps, flow);
      return view && sentCode(view, deps.clock.now());
    },
    /** Whether its code was entered already: then a second click that sends it again is no mistake. */
    async isUsed(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<boolean> {
      return (await heldVerification(c, deps, flow))?.status === "approved";
    },
  };
  return held;
}

/** Forgets what the pages keep for the visitor who was signed in: it is not for the next visitor of this browser. */
export function forgetFormer(c: Context<Env>, { settings }: HttpDeps): void {
  for (const cookie of ["confirm", "phone", "erase", "returned"] as const)
    if (readCookie(c, settings, cookie)) clearCookie(c, settings, cookie);
}

function sentCode(view: VerificationView, now: number): SentCode | undefined {
  if (view.status !== "pending") return undefined;
  const resendInSeconds = secondsUntil(view.resendAt, now);
  return { phoneMasked: view.phone, codeLength: view.codeLength, resendInSeconds };
}

/** The verification that a browser's flow names, whatever its status. */
export async function heldVerification(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
): Promise<VerificationView | undefined> {
  const { verification: id } = flow;
  if (!id) return undefined;
  const found = await deps.phonekey.verifications.read({ id, client: pageClient(c, deps, flow) });
  return found.ok ? found.value : undefined;
}

/** Whole seconds from `now` to `at`, both epoch milliseconds; 0 once that is past. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1_000));
}
