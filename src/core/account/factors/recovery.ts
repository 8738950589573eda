import type { Locale } from "../../locale.ts";
import type { Notices } from "../../notices/notices.ts";
import type { Clock, Random } from "../../ports.ts";
import { countOn } from "../../protection/limits/count-event.ts";
import type { LimitStore } from "../../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { sha256 } from "../../secrets.ts";
import type { Principal } from "../../session/session.ts";
import { DAY_MS } from "../../time.ts";
import type { User } from "../ports.ts";
import type { RecoveryEvidence } from "./evidence.ts";
import type { FactorStore } from "./ports.ts";

const CODES = 10;
/** Crockford's Base32 in lower case: without i, l, o and u, which people misread. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/**
 * 120 bits. Nobody guesses such a code, so guesses need no ledger of their own. Nobody finds a code by its hash either:
 * a hash needs no salt from 112 bits on (OWASP ASVS 5.0, 6.5.2).
 */
const LENGTH = 24;

/** How often one session makes new codes. If a thief uses this up, the owner has as many in a session of their own. */
const RENEWALS = [{ max: 10, windowMs: DAY_MS }];

export interface RecoveryDeps {
  readonly factorStore: Pick<FactorStore, "setRecoveryCodes" | "useRecoveryCode">;
  readonly notices: Pick<Notices, "draft" | "send">;
  readonly clock: Clock;
  readonly random: Random;
}

interface RenewDeps extends RecoveryDeps {
  readonly limits: Pick<LimitStore, "take">;
}

/** Makes ten new codes in the place of all others. They are shown once; the store cannot tell them. */
export async function renewRecoveryCodes(
  deps: RenewDeps,
  { user, session }: Principal,
  locale: Locale,
): Promise<Result<readonly string[], "invalid_token" | "factor_missing" | "too_many_requests">> {
  const limit = { name: "recovery_codes", key: `recovery_codes:${session.id}`, windows: RENEWALS };
  const counted = await countOn(deps, [limit]);
  if (!counted.ok) return counted;
  const { factorStore, notices, random } = deps;
  const codes = Array.from({ length: CODES }, () => newCode(random));
  const hashes = codes.map((code) => hashOf(user.id, normalize(code)));
  const notice = await notices.draft("factor_added", user, { locale });
  const changer = { userId: user.id, sessionId: session.id };
  const outcome = await factorStore.setRecoveryCodes(changer, hashes, notice);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "missing") return refuse("factor_missing");
  await notices.send(notice);
  return ok(codes);
}

/** Checks a recovery code, and uses it up if it is right. Its owner is told. */
export async function checkRecoveryCode(
  { factorStore, notices, clock }: RecoveryDeps,
  { user, locale }: { readonly user: User; readonly locale: Locale },
  { code }: RecoveryEvidence,
): Promise<Result<void, "invalid_code">> {
  const notice = await notices.draft("recovery_code_used", user, { locale });
  const hash = hashOf(user.id, normalize(code));
  if (!(await factorStore.useRecoveryCode(user.id, hash, clock.now(), notice))) return refuse("invalid_code");
  await notices.send(notice);
  return ok(undefined);
}

/** Whether it is one of the user's recovery codes, and was used. */
export async function isUsedRecoveryCode(
  { factorStore }: { readonly factorStore: Pick<FactorStore, "isRecoveryCodeUsed"> },
  user: User,
  { code }: RecoveryEvidence,
): Promise<boolean> {
  return await factorStore.isRecoveryCodeUsed(user.id, hashOf(user.id, normalize(code)));
}

function newCode(random: Random): string {
  const digits = [...random.bytes(LENGTH)].map((byte) => DIGITS[byte % DIGITS.length]).join("");
  return digits.replace(/.{4}(?=.)/g, "$&-");
}

/** Accepts what people write for what they read: case, spaces, hyphens, and o, i and l for digits. */
function normalize(typed: string): string {
  const digits = typed.normalize("NFKC").toLowerCase().replace(/[\s-]/g, "");
  return digits.replaceAll("o", "0").replace(/[il]/g, "1");
}

/** Binds the hash to its user: the same code of somebody else has another hash. */
function hashOf(userId: string, code: string): string {
  return sha256(`recovery:${userId}:${code}`);
}
