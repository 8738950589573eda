import type { RefusalCode, Result } from "../refusals.ts";

/** What the functions API alone tells apart: elsewhere each of these is a part of one public refusal. */
export type Reason =
  | "no_verification"
  | "wrong_code"
  | "other_session_id"
  | "wrong_token"
  | "expired_token"
  | "not_the_tokens"
  | "no_user"
  | "protected";

/** A result whose "no" is a public refusal or one of the reasons. */
export type Told<T, C extends RefusalCode = never> =
  | Result<T, C>
  | { readonly ok: false; readonly reason: Reason };

export function tell(reason: Reason): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason };
}
