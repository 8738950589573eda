import { ok, type Result, refuse } from "../refusals.ts";
import { type Level, levelOf } from "./methods.ts";
import type { Principal } from "./session.ts";

/** What a sensitive action asks of the session. */
export interface Need {
  /** How long ago the person may have shown who they are. */
  readonly withinMs: number;
  /** 1 where it is left out; 2 in any case where the account has login protection. */
  readonly level?: Level;
}

/** For what takes an account over, or away from its owner. */
export const SENSITIVE: Need = { withinMs: 600_000 };

/** Whoever came by a temporary password chooses one of their own before anything else is done in their session. */
export function requireOwnPassword({ session }: Principal): Result<void, "password_required"> {
  return session.mustSetPassword ? refuse("password_required") : ok(undefined);
}

/**
 * Whether the person behind this session has shown recently and well enough who they are (RFC 9470). The refusal says
 * what is missing: `POST /v1/sessions/current/step-up` and the page `/account/confirm` give it.
 */
export function requireRecent(
  { user, session }: Principal,
  need: Need,
  now: number,
): Result<void, "step_up_required"> {
  const level = user.loginProtection ? 2 : (need.level ?? 1);
  if (levelOf(session.amr) >= level && now - session.authTime <= need.withinMs) return ok(undefined);
  return refuse("step_up_required", { stepUp: { level, maxAgeSeconds: Math.floor(need.withinMs / 1_000) } });
}
