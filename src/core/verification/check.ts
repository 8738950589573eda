import type { Backend } from "../backend/api-key.ts";
import type { ApiKeyStore } from "../backend/ports.ts";
import type { MessageStore } from "../delivery/ports.ts";
import type { Keyring } from "../keys.ts";
import type { Observer } from "../observer.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import type { Ledger } from "../protection/budgets/ports.ts";
import { forgivenKeys, guardKeys } from "../protection/guard/guard.ts";
import { admitKnownDevice, countGuess } from "../protection/guesses.ts";
import { leaseMember } from "../protection/limits/members.ts";
import type { LimitStore } from "../protection/limits/ports.ts";
import type { LimitSettings } from "../protection/limits/settings.ts";
import { LIMIT_KEYS } from "../protection/limits/table.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { equalSecrets } from "../secrets.ts";
import { type Transaction, transactionDigest } from "../transaction.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import { judgeTransaction, readAsk } from "./ask.ts";
import type { Client } from "./client.ts";
import { CODE_RULE, normalizeCode, normalizeTemporaryPassword } from "./code.ts";
import { codeOf } from "./message.ts";
import type { GuessOutcome, Verification, VerificationStore } from "./ports.ts";
import { type Purpose, ruleOf } from "./purpose.ts";
import { type TestNumber, testNumberOf } from "./test-numbers.ts";
import { currentPhone, isLive, mayUse, messageMembers } from "./verification.ts";

export interface CheckDeps extends Pick<Observer, "onGuess"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly vault: PhoneVault & TextVault;
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;
  readonly ledger: Ledger;
  readonly apiKeys: Pick<ApiKeyStore, "findLive">;
  readonly settings: {
    readonly limits: LimitSettings;
    readonly testNumbers: readonly TestNumber[];
  };
}

/** What the caller takes the verification for. If it is for something else, the guess is a wrong one. */
interface Expected {
  /** The purposes that the caller takes a code for. */
  readonly purposes: readonly Purpose[];
  /** The tag of the phone that the verification must be about, if the caller knows it. */
  readonly phoneTag?: string;
  /** Who must hold the verification (`userHolder`), if it is about a phone that is not the user's own. */
  readonly holder?: string;
  readonly client: Client;
  /** The backend that asks, if one does. */
  readonly backend?: Pick<Backend, "client"> | undefined;
}

export interface CheckInput extends Expected {
  readonly verificationId: string;
  readonly code: string;
  /** The transaction that the caller believes the code confirms. */
  readonly transaction?: Transaction | undefined;
}

/** A live verification, and the phone that it is about. */
export interface Subject {
  readonly verification: Verification;
  readonly phone: Phone;
  readonly phoneTag: string;
  /** The test number that the phone was at look-up. It holds for the whole request, even if its time ends meanwhile. */
  readonly testNumber: TestNumber | undefined;
}

export type CheckRefusal = "invalid_request" | "invalid_code" | "too_many_requests";

/**
 * Checks one guess at a code. The store counts the guess and, if it is right, consumes the verification in the same
 * step. A wrong guess is in the ledger before this resolves (promise 1).
 *
 * Refused with `invalid_code` if the code is wrong, expired, spent or for something else, or if there is no such
 * verification. Refused with `too_many_requests` by the limit on guesses from one address. Refused with
 * `invalid_request`, at the cost of no guess, if the text cannot be a code or the transaction is malformed.
 */
export async function checkCode(deps: CheckDeps, input: CheckInput): Promise<Result<Subject, CheckRefusal>> {
  const code = readCode(input);
  if (!code.ok) return code;
  const admitted = await admitGuess(deps, input);
  if (!admitted.ok) return admitted;
  const subject = admitted.value;
  const transaction = readTransaction(input, subject.verification.purpose);
  if (!transaction.ok) return transaction;
  const given = { code: code.value, transaction: transaction.value };
  const outcome = await guessCode(deps, subject, given, input);
  return outcome === "approved" ? ok(subject) : refuse("invalid_code");
}

export interface ConvertDeps extends CheckDeps {
  readonly messages: Pick<MessageStore, "convert">;
}

/**
 * Checks one guess as `checkCode` does, and after the right one marks the verification's messages as converted. A
 * sign-in marks them in the transaction that opens its session.
 */
export async function checkAndConvert(
  deps: ConvertDeps,
  input: CheckInput,
): Promise<Result<Subject, CheckRefusal>> {
  const checked = await checkCode(deps, input);
  if (checked.ok) await deps.messages.convert(checked.value.verification.id);
  return checked;
}

/**
 * Admits a guess at the code of a live verification, and resolves with the verification and its phone. Refused with
 * `too_many_requests` by the limit on guesses, and with `invalid_code` if no live verification has this id.
 */
export async function admitGuess(
  deps: CheckDeps,
  { client, verificationId }: Pick<CheckInput, "client" | "verificationId">,
): Promise<Result<Subject, "invalid_code" | "too_many_requests">> {
  const counting = countGuess(deps, client.addressKey);
  const [counted, subject] = await Promise.all([counting, findLive(deps, verificationId)]);
  const admitted = await admitKnownDevice(deps, counted, subject?.verification);
  if (!admitted.ok) return admitted;
  if (subject) return ok(subject);
  deps.onGuess("dead");
  return refuse("invalid_code");
}

/**
 * Reads the transaction of a check. A missing or malformed one is refused before it costs a guess. If the verification
 * is for a purpose that the caller does not take, the transaction is not judged: the guess will be wrong like any
 * other.
 */
function readTransaction(
  { purposes, transaction }: Pick<CheckInput, "purposes" | "transaction">,
  purpose: Purpose,
): Result<Transaction | undefined, "invalid_request"> {
  return purposes.includes(purpose) ? judgeTransaction(purpose, transaction) : ok(undefined);
}

function readCode({
  code,
  purposes,
}: Pick<CheckInput, "code" | "purposes">): Result<string, "invalid_request"> {
  const takesPasswords = purposes.some((purpose) => ruleOf(purpose).isPassword);
  const read = normalizeCode(code) ?? (takesPasswords ? normalizeTemporaryPassword(code) : undefined);
  if (read) return ok(read);
  const detail = takesPasswords ? `${CODE_RULE}, or a temporary password` : CODE_RULE;
  return refuse("invalid_request", { field: "code", detail });
}

/**
 * The live verification with this id, and the phone that it is about; undefined if there is none.
 *
 * A verification is over if its tag is no longer the phone's current one: after a retag its guesses are set aside under
 * the old tag, where no start would count them. While a retag runs, this rejects with `UnavailableError` before
 * anything counts.
 */
export async function findLive(deps: CheckDeps, id: string): Promise<Subject | undefined> {
  const verification = await deps.verifications.find(id);
  const now = deps.clock.now();
  if (!verification || !isLive(verification, now)) return undefined;
  if (await isBackendGone(deps, verification)) return undefined;
  const phone = await currentPhone(deps.vault, verification);
  if (!phone) return undefined;
  const { purpose, phoneTag } = verification;
  const testNumber = testNumberOf(deps.settings.testNumbers, { phone, purpose }, now);
  return { verification, phone, phoneTag, testNumber };
}

/**
 * Whether a backend started it that has no live key any more. An operator who ends a backend's keys ends its
 * verifications.
 */
async function isBackendGone({ apiKeys, clock }: CheckDeps, { asked }: Verification): Promise<boolean> {
  return asked !== undefined && (await apiKeys.findLive(asked.client, clock.now())) === undefined;
}

/**
 * Guesses at the code of a verification that was live a moment ago, and acts on the outcome: `approved` (once),
 * `wrong`, or `dead` if the verification was over before this guess was counted.
 */
export async function guessCode(
  deps: CheckDeps,
  subject: Subject,
  { code, transaction }: { readonly code: string; readonly transaction?: Transaction | undefined },
  expected: Expected,
): Promise<GuessOutcome> {
  const { verification } = subject;
  const asked = await readAsk(deps.vault, verification);
  const isSame = isSameTransaction(transaction, asked.transaction);
  const rightCode = await codeOf(deps, subject, transaction);
  const isRight = equalSecrets(code, rightCode) && isSame && isFor(verification, expected);
  const made = await deps.verifications.guess({ id: verification.id, isRight }, deps.clock.now());
  deps.onGuess(made.outcome);
  if (made.outcome === "wrong") await recordWrong(deps, verification);
  if (made.outcome === "approved") await settle(deps, { ...verification, ...made });
  return made.outcome;
}

/** Whether a verification is what the caller takes it for. */
function isFor(
  verification: Verification,
  { purposes, phoneTag, holder, client, backend }: Expected,
): boolean {
  return (
    purposes.includes(verification.purpose) &&
    mayUse(verification, client) &&
    (phoneTag === undefined || phoneTag === verification.phoneTag) &&
    (holder === undefined || holder === verification.holder) &&
    (backend === undefined || backend.client === verification.asked?.client)
  );
}

/** Another transaction has another code, but its digits may be the same by chance. This check refuses it then. */
function isSameTransaction(given: Transaction | undefined, asked: Transaction | undefined): boolean {
  if (!given || !asked) return given === asked;
  return transactionDigest(given) === transactionDigest(asked);
}

/**
 * Writes the wrong guess into the ledger, and only then releases it from the lease. A start in between counts it twice;
 * in the reverse order it might not count it at all.
 */
async function recordWrong(deps: CheckDeps, verification: Verification): Promise<void> {
  const { id, phoneTag, bucket } = verification;
  const codeLength = verification.grantedLength ?? verification.codeLength;
  const at = deps.clock.now();
  await deps.ledger.record(deps.random.uuid(at), phoneTag, bucket, { at, codeLength });
  await deps.limits.release(LIMIT_KEYS.guesses(phoneTag, bucket), leaseMember(id), 1);
}

/**
 * Runs after the right code. The messages no longer count as unconverted, and the guesses that were not used are free
 * again. The wrong guesses stay set aside: `recordWrong` releases each one once it is in the ledger.
 */
async function settle({ limits }: CheckDeps, ended: Verification): Promise<void> {
  const { id, phoneTag, bucket, attemptsAllowed, attemptsUsed, traffic } = ended;
  const wrong = Math.max(0, attemptsUsed - 1);
  const guarded = bucket === "stranger" ? traffic : undefined;
  const open = [LIMIT_KEYS.unconverted(phoneTag, bucket), ...(guarded ? guardKeys(guarded) : [])];
  await limits.settle({
    forget: { keys: open, members: messageMembers(ended) },
    forgive: guarded ? forgivenKeys(guarded) : [],
    release: {
      key: LIMIT_KEYS.guesses(phoneTag, bucket),
      member: leaseMember(id),
      count: attemptsAllowed - wrong,
    },
  });
}
