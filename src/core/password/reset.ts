import { type Protection, protectionOf } from "../account/factors/own.ts";
import type { FactorStore } from "../account/factors/ports.ts";
import type { MessageStore } from "../delivery/ports.ts";
import type { Locale } from "../locale.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { RecycledSettings } from "../session/sign-in.ts";
import {
  admitGuess,
  type CheckDeps,
  type CheckInput,
  type CheckRefusal,
  guessCode,
  type Subject,
} from "../verification/check.ts";
import { CODE_RULE, normalizeCode } from "../verification/code.ts";
import { purposesGiving } from "../verification/purpose.ts";
import type { NotifyDeps } from "./change.ts";
import { type CompareDeps, sealHash } from "./compare.ts";
import type { CommonPasswords, PasswordHolder } from "./ports.ts";
import { judgePassword, type PasswordRefusal } from "./rules.ts";

export interface ResetDeps extends CompareDeps, CheckDeps, NotifyDeps {
  readonly vault: CompareDeps["vault"] & CheckDeps["vault"];
  readonly clock: CheckDeps["clock"];
  readonly random: CheckDeps["random"];
  readonly commonPasswords: CommonPasswords;
  readonly factorStore: Pick<FactorStore, "list" | "countRecoveryCodes">;
  readonly messages: Pick<MessageStore, "convert">;
  readonly settings: CheckDeps["settings"] & {
    readonly brandName: string;
    readonly recycled: RecycledSettings;
  };
}

export interface ResetInput extends Pick<CheckInput, "verificationId" | "code" | "client"> {
  readonly newPassword: string;
  /** Language of the notice. */
  readonly locale: Locale;
}

/** What the person is shown after a reset: all that still opens the account. */
export interface ResetDone extends Protection {
  /** When the password was set, epoch milliseconds. */
  readonly setAt: number;
}

type ResetRefusal = PasswordRefusal | CheckRefusal | "user_not_found";

/**
 * Sets a new password by a code that went to the phone. All sessions and device tokens of the user end with it.
 *
 * The password is judged and hashed before the code is checked, so that neither a bad password nor a full queue of the
 * hasher uses up the code. Whether the number has a user (`user_not_found`) is told only after the right code.
 */
export async function resetPassword(
  deps: ResetDeps,
  input: ResetInput,
): Promise<Result<ResetDone, ResetRefusal>> {
  const { brandName } = deps.settings;
  const fits = await judgePassword(deps.commonPasswords, { text: input.newPassword, brandName });
  if (!fits.ok) return fits;
  const code = normalizeCode(input.code);
  if (!code) return refuse("invalid_request", { field: "code", detail: CODE_RULE });
  const admitted = await admitGuess(deps, input);
  if (!admitted.ok) return admitted;
  const subject = admitted.value;
  const { phone } = subject;
  const chosen = await judgePassword(deps.commonPasswords, { text: input.newPassword, brandName, phone });
  if (!chosen.ok) return chosen;
  const hash = await deps.passwordHasher.hash(chosen.value);
  const expected = { purposes: purposesGiving("password"), client: input.client };
  const outcome = await guessCode(deps, subject, { code }, expected);
  return outcome === "approved"
    ? await resetApproved(deps, subject, { hash, locale: input.locale })
    : refuse("invalid_code");
}

async function resetApproved(
  deps: ResetDeps,
  { phoneTag, verification }: Subject,
  { hash, locale }: { readonly hash: string; readonly locale: Locale },
): Promise<Result<ResetDone, "user_not_found">> {
  await deps.messages.convert(verification.id);
  const holder = await deps.passwordStore.findByTag(phoneTag);
  if (!holder || isSomebodyElses(deps, holder, verification)) return refuse("user_not_found");
  const { user } = holder;
  const sealedHash = await sealHash(deps, user, hash);
  const notice = await deps.notices.draft("password_reset", user, { locale });
  const at = deps.clock.now();
  const isChanged = await deps.passwordStore.change({
    userId: user.id,
    phoneTag,
    sealedHash,
    bySms: true,
    notice,
    at,
  });
  if (!isChanged) return refuse("user_not_found");
  await deps.notices.send(notice);
  return ok({ setAt: at, ...(await protectionOf(deps, user)) });
}

/**
 * Whether the number may be somebody else's by now, since the account was unused for too long. Then a code does not
 * reset that account. The holder of the number signs in by a code and gets an account of their own (T51).
 */
function isSomebodyElses(
  { settings, clock }: ResetDeps,
  { user, lastUsedAt }: PasswordHolder,
  { bucket }: Subject["verification"],
): boolean {
  const { unusedMs, sparesProtected } = settings.recycled;
  const isSpared = bucket === "device" || (sparesProtected && user.loginProtection !== undefined);
  return unusedMs > 0 && !isSpared && lastUsedAt !== undefined && lastUsedAt < clock.now() - unusedMs;
}
