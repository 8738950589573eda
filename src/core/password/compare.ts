import type { User } from "../account/ports.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import type { Bucket } from "../protection/limits/ports.ts";
import { ok, type Result, refuse, UnavailableError } from "../refusals.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import { judgeAttempt, PASSWORD_LEDGER_MS, passwordBucket } from "./ledger.ts";
import type { PasswordHasher, PasswordHolder, PasswordLedger, PasswordStore } from "./ports.ts";
import { normalizePassword } from "./rules.ts";

export interface CompareDeps {
  readonly passwordStore: PasswordStore;
  readonly passwordLedger: PasswordLedger;
  readonly passwordHasher: PasswordHasher;
  readonly vault: PhoneVault & TextVault;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Attempt {
  readonly phone: Phone;
  readonly password: string;
  /** Whose tries it is counted among. */
  readonly bucket: Bucket;
  /** Whether it comes from a stranger who has not solved the challenge that could be solved. */
  readonly isUnsolved?: boolean;
}

export type CompareRefusal = "invalid_credentials" | "code_required" | "captcha_required";

/**
 * Compares one password. The attempt is counted before the comparison, and taken back if the password was right
 * (promise 1).
 *
 * A number without a user, a user without a password and a wrong password get the same refusal, `invalid_credentials`,
 * after the same work. Refused with `code_required` if the phone's ledger of passwords is spent, and with
 * `captcha_required` if the ledger asks a stranger for a challenge first.
 */
export async function comparePassword(
  deps: CompareDeps,
  { phone, password, bucket, isUnsolved = false }: Attempt,
): Promise<Result<PasswordHolder, CompareRefusal>> {
  const now = deps.clock.now();
  const id = deps.random.uuid(now);
  const tags = await deps.vault.tags(phone);
  const counted = await deps.passwordLedger.attempt(
    { id, tags, bucket: passwordBucket(bucket), at: now },
    now - PASSWORD_LEDGER_MS,
    (earlier) => judgeAttempt(earlier, { isUnsolved }, now),
  );
  if (!counted.ok) return counted;
  const holder = await holderIfRight(deps, tags[0], password).catch(async (error: unknown) => {
    // The password was not compared, so this was no guess.
    await deps.passwordLedger.takeBack(id);
    throw error;
  });
  if (!holder) return refuse("invalid_credentials");
  await deps.passwordLedger.takeBack(id);
  return ok(holder);
}

async function holderIfRight(
  deps: CompareDeps,
  phoneTag: string,
  password: string,
): Promise<PasswordHolder | undefined> {
  const holder = await deps.passwordStore.findByTag(phoneTag);
  const hash = await hashOf(deps, holder);
  const plain = normalizePassword(password);
  if (!(await deps.passwordHasher.verify(plain, hash)) || !holder) return undefined;
  if (hash !== undefined && deps.passwordHasher.isOutdated(hash)) await rehash(deps, holder, plain);
  return holder;
}

/**
 * The hash to compare with. Undefined if none is set, or if the user was imported and no code has shown yet that the
 * phone is theirs.
 */
async function hashOf(
  { vault }: CompareDeps,
  holder: PasswordHolder | undefined,
): Promise<string | undefined> {
  if (holder?.sealedHash === undefined || holder.user.unprovenSince !== undefined) return undefined;
  return await vault.openText(holder.sealedHash, passwordRow(holder.user));
}

/**
 * Hashes the password anew, with today's parameters. If the hasher's queue is full, this is left to the next sign-in.
 */
async function rehash(
  deps: CompareDeps,
  { user, sealedHash }: PasswordHolder,
  password: string,
): Promise<void> {
  try {
    const next = await sealPassword(deps, user, password);
    if (sealedHash !== undefined) await deps.passwordStore.rehash(user.id, sealedHash, next);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
  }
}

/** Hashes a password and encrypts the hash for its user. */
export async function sealPassword(
  deps: Pick<CompareDeps, "passwordHasher" | "vault">,
  user: User,
  password: string,
): Promise<string> {
  return await sealHash(deps, user, await deps.passwordHasher.hash(password));
}

/**
 * Encrypts a hash for its user. Without the keys nobody can guess at the password, and a copy in another row does not
 * open.
 */
export async function sealHash(
  { vault }: Pick<CompareDeps, "vault">,
  user: User,
  hash: string,
): Promise<string> {
  return await vault.sealText(hash, passwordRow(user));
}

function passwordRow({ id }: User): string {
  return `password of ${id}`;
}
