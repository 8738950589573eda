import type { OwnDeps } from "../account/factors/own.ts";
import { waysFor, waysToRaise } from "../account/factors/step-up.ts";
import type { Locale } from "../locale.ts";
import type { Notices } from "../notices/notices.ts";
import { countOn } from "../protection/limits/count-event.ts";
import type { LimitStore, Window } from "../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { Method } from "../session/methods.ts";
import type { SessionStore } from "../session/ports.ts";
import { type Need, requireRecent, SENSITIVE, withMethods } from "../session/requirements.ts";
import type { Principal } from "../session/session.ts";
import { HOUR_MS } from "../time.ts";
import { type CompareDeps, type CompareRefusal, comparePassword, sealPassword } from "./compare.ts";
import type { CommonPasswords } from "./ports.ts";
import { judgePassword, type PasswordRefusal } from "./rules.ts";

export interface ChangeDeps extends CompareDeps, NotifyDeps, OwnDeps {
  readonly limits: Pick<LimitStore, "take">;
  readonly commonPasswords: CommonPasswords;
  readonly sessions: Pick<SessionStore, "stepUp">;
  readonly settings: { readonly brandName: string };
}

/** How often a user may set a password. Each time takes a turn of the hasher, for which everybody's sign-in waits. */
const CHANGE_WINDOWS = [{ max: 10, windowMs: HOUR_MS }];
/** How often a user may have the current password compared, right or wrong: the ledger counts only wrong ones. */
const COMPARE_WINDOWS = [{ max: 20, windowMs: HOUR_MS }];

export interface NotifyDeps {
  readonly notices: Pick<Notices, "draft" | "send">;
}

export interface ChangeInput {
  readonly principal: Principal;
  /** Language of the notice. */
  readonly locale: Locale;
  readonly newPassword: string;
  /** Stands in for a recent sign-in. */
  readonly currentPassword?: string;
}

type ConfirmRefusal =
  | Exclude<CompareRefusal, "captcha_required">
  | "step_up_required"
  | "invalid_token"
  | "too_many_requests";

/**
 * Sets or changes the password of a user who has signed in recently, or who knows the current one. All other sessions
 * and every device token end with it; this session goes on.
 *
 * Refusals:
 * - `invalid_request` in a session of a test number.
 * - Those of `judgePassword` for the new password.
 * - `step_up_required` if the user has not shown recently enough who they are.
 * - `invalid_credentials` or `code_required` if a current password was given and does not confirm the user.
 * - `too_many_requests`.
 * - `invalid_token` if the session has ended meanwhile.
 */
export async function changePassword(
  deps: ChangeDeps,
  { principal, locale, newPassword, currentPassword }: ChangeInput,
): Promise<Result<void, PasswordRefusal | ConfirmRefusal>> {
  const { user, session } = principal;
  if (session.isTest)
    return refuse("invalid_request", { field: "newPassword", detail: "is not for test numbers" });
  const phone = await deps.vault.open(user.sealedPhone, user.id);
  const { brandName } = deps.settings;
  const chosen = await judgePassword(deps.commonPasswords, { text: newPassword, phone, brandName });
  if (!chosen.ok) return chosen;
  const confirmed = await confirm(deps, principal, currentPassword);
  if (!confirmed.ok) return confirmed;
  const counted = await countTurn(deps, user.id, "password_changes", CHANGE_WINDOWS);
  if (!counted.ok) return counted;
  const sealedHash = await sealPassword(deps, user, chosen.value);
  const { amr } = confirmed.value.session;
  const bySms = amr.every((method) => method === "sms") && { bySms: true as const };
  const notice = await deps.notices.draft("password_changed", user, { locale });
  const change = { userId: user.id, keep: session.id, sealedHash, ...bySms, notice, at: deps.clock.now() };
  if (!(await deps.passwordStore.change(change))) return refuse("invalid_token");
  await deps.notices.send(notice);
  return ok(undefined);
}

function countTurn(
  deps: Pick<ChangeDeps, "limits" | "clock" | "random">,
  userId: string,
  name: string,
  windows: readonly Window[],
): Promise<Result<void, "too_many_requests">> {
  return countOn(deps, [{ name, key: `${name}:${userId}`, windows }]);
}

/** Recovery codes bring users back to their own factors. They are not for making another factor. */
const CHANGING: Need = { ...SENSITIVE, notBy: ["recovery"] };

/** Whether the session may set a password without a further step-up. */
export function mayChangePassword(principal: Principal, now: number): boolean {
  return requireRecent(principal, CHANGING, now).ok;
}

/** The methods that raise the session enough to set a password. */
export function waysToChangePassword(
  deps: OwnDeps & Pick<ChangeDeps, "clock">,
  principal: Principal,
): Promise<readonly Method[]> {
  return waysFor(deps, principal, CHANGING);
}

/** Removes the password. From then on the person signs in by codes. `factor_needed` if login protection rests on it. */
export async function removePassword(
  { passwordStore, clock, notices }: Pick<ChangeDeps, "passwordStore" | "clock" | "notices">,
  { principal, locale }: Pick<ChangeInput, "principal" | "locale">,
): Promise<Result<void, "step_up_required" | "factor_needed" | "invalid_token">> {
  const recent = requireRecent(principal, SENSITIVE, clock.now());
  if (!recent.ok) return recent;
  const { user, session } = principal;
  const notice = await notices.draft("factor_removed", user, { locale });
  const removal = { userId: user.id, keep: session.id, notice, at: clock.now() };
  const outcome = await passwordStore.remove(removal);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "needed") return refuse("factor_needed");
  if (outcome === "removed") await notices.send(notice);
  return ok(undefined);
}

/**
 * Confirms the user by a recent sign-in, or by the current password, which raises the session. Resolves with the
 * session as it is then.
 */
async function confirm(
  deps: ChangeDeps,
  principal: Principal,
  currentPassword: string | undefined,
): Promise<Result<Principal, ConfirmRefusal>> {
  const now = deps.clock.now();
  if (currentPassword === undefined) return await recently(deps, principal);
  const { user, session } = principal;
  const counted = await countTurn(deps, user.id, "password_compares", COMPARE_WINDOWS);
  if (!counted.ok) return counted;
  const phone = await deps.vault.open(user.sealedPhone, user.id);
  const compared = await comparePassword(deps, { phone, password: currentPassword, bucket: "device" });
  if (!compared.ok)
    return refuse(compared.refusal.code === "code_required" ? "code_required" : "invalid_credentials");
  // The password adds nothing to a session of the phone whose code has just set it. Nor does it if an app is asked for
  // beside it.
  const ways = await waysToRaise(deps, principal);
  if (!ways.includes("pwd")) return user.loginProtection ? await recently(deps, principal) : ok(principal);
  const raised = await deps.sessions.stepUp(session.id, "pwd", now);
  return raised ? await recently(deps, { user, session: raised }) : refuse("invalid_token");
}

async function recently(
  deps: OwnDeps & Pick<ChangeDeps, "clock">,
  principal: Principal,
): Promise<Result<Principal, "step_up_required">> {
  const recent = requireRecent(principal, CHANGING, deps.clock.now());
  if (recent.ok) return ok(principal);
  return withMethods(recent.refusal, await waysToChangePassword(deps, principal));
}
