import { ok, type Refusal, type Result, refuse } from "../refusals.ts";
import { MINUTE_MS } from "../time.ts";
import { type Level, levelOf, type Method } from "./methods.ts";
import type { Session } from "./ports.ts";
import type { Principal } from "./session.ts";

/** What an action asks of the session. */
export interface Need {
  /** How long ago at most the person showed who they are. */
  readonly withinMs: number;
  /** 1 if it is left out. Always 2 if the account has login protection. */
  readonly level?: Level;
  /** Methods that do not suffice if one of them is the only one that was shown within that time. */
  readonly notBy?: readonly Method[];
}

/** For actions that take an account over, or away from its owner. */
export const SENSITIVE: Need = { withinMs: 10 * MINUTE_MS };

/** For actions that move a whole account, end it, or hand all of it out. */
export const WHOLE_ACCOUNT: Need = { withinMs: 15 * MINUTE_MS };

/** Refuses a session that a temporary password opened, until its user has chosen a password of their own. */
export function requireOwnPassword({ session }: Principal): Result<void, "password_required"> {
  return session.mustSetPassword ? refuse("password_required") : ok(undefined);
}

/**
 * Whether the person behind this session has shown recently and well enough who they are (RFC 9470). Otherwise refused
 * with `step_up_required`, which says what is missing. `POST /v1/sessions/current/step-up` and the page
 * `/account/confirm` make up for it.
 */
export function requireRecent(
  { user, session }: Principal,
  need: Need,
  now: number,
): Result<void, "step_up_required"> {
  const [shown, ...others] = shownWithin(session, need.withinMs, now);
  const isWeak = others.length === 0 && shown !== undefined && need.notBy?.includes(shown) === true;
  const level = user.loginProtection || isWeak ? 2 : (need.level ?? 1);
  const isRecent = now - session.authTime <= need.withinMs;
  if (isRecent && !isWeak && levelOf(session.amr) >= level) return ok(undefined);
  return refuse("step_up_required", { stepUp: { level, maxAgeSeconds: Math.floor(need.withinMs / 1_000) } });
}

/** The refusal, with the methods that make up for what is missing. */
export function withMethods(
  { code, stepUp }: Refusal<"step_up_required">,
  methods: readonly Method[],
): Result<never, "step_up_required"> {
  return refuse(code, { ...(stepUp && { stepUp: { ...stepUp, methods } }) });
}

/**
 * What the person showed within this time: every method if the session is no older, otherwise the last that raised it.
 */
function shownWithin({ amr, createdAt }: Session, withinMs: number, now: number): readonly Method[] {
  return now - createdAt <= withinMs ? amr : amr.slice(-1);
}
