import type { Bucket } from "../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { DAY_MS } from "../time.ts";
import type { PasswordBucket } from "./ports.ts";

/**
 * How many wrong passwords a phone may have, from strangers and from its known devices each. Over a year that is 608 of
 * the likeliest guesses, and the list of common passwords lets nobody choose any of those. NIST SP 800-63B-4, 3.2.2,
 * allows 100 in a row.
 */
const WINDOWS = [
  { max: 10, windowMs: DAY_MS },
  { max: 50, windowMs: 30 * DAY_MS },
] as const;

/** How far back the ledger is read. */
export const PASSWORD_LEDGER_MS = 30 * DAY_MS;

/**
 * After this many wrong ones in a day a stranger must solve a challenge before each further attempt, if one can be
 * solved.
 */
const UNCHALLENGED = 3;

export function passwordBucket(bucket: Bucket): PasswordBucket {
  return bucket === "device" ? "password_device" : "password";
}

/**
 * Whether one more attempt is compared. This knows only the number that was typed, so a number without a user, or
 * without a password, is answered like any other.
 *
 * @param earlier when the attempts were made that were wrong or are not decided yet, oldest first
 * @param isUnsolved whether the caller is a stranger who has not solved the challenge that could be solved
 */
export function judgeAttempt(
  earlier: readonly number[],
  { isUnsolved }: { readonly isUnsolved: boolean },
  now: number,
): Result<void, "code_required" | "captcha_required"> {
  const within = (windowMs: number) => earlier.filter((at) => at > now - windowMs);
  if (WINDOWS.some(({ max, windowMs }) => within(windowMs).length >= max)) return refuse("code_required");
  if (isUnsolved && within(DAY_MS).length >= UNCHALLENGED) return refuse("captcha_required");
  return ok(undefined);
}
