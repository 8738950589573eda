import type { Session } from "../account/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { isAtHand, type Level, levelOf, type Method } from "./methods.ts";
import type { Principal } from "./session.ts";

/** What a sensitive action asks of the session. */
export interface Need {
  /** How long ago the person may have shown who they are. */
  readonly withinMs: number;
  /** 1 where it is left out; 2 in any case where the account has login protection. */
  readonly level?: Level;
  /** Whether what was shown last has to be more than a password or a recovery code: something at hand, or two factors. */
  readonly atHand?: boolean;
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
  const isWeak = need.atHand === true && isKnown(lastShown(session));
  const level = user.loginProtection || isWeak ? 2 : (need.level ?? 1);
  const isRecent = now - session.authTime <= need.withinMs;
  if (isRecent && !isWeak && levelOf(session.amr) >= level) return ok(undefined);
  return refuse("step_up_required", { stepUp: { level, maxAgeSeconds: Math.floor(need.withinMs / 1_000) } });
}

/** What the person showed at `authTime`: all that opened the session, or the one that raised it last. */
function lastShown({ amr, authTime, createdAt }: Session): readonly Method[] {
  return authTime === createdAt ? amr : amr.slice(-1);
}

function isKnown(shown: readonly Method[]): boolean {
  return shown.length === 1 && !shown.some(isAtHand);
}
