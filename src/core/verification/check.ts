import type { Backend } from "../backend/api-key.ts";
import type { ApiKeyStore } from "../backend/ports.ts";
import type { Keyring } from "../keys.ts";
import type { Observer } from "../observer.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { countOn } from "../protection/count.ts";
import { forgivenKeys, guardKeys } from "../protection/guard.ts";
import { guessChecks, knownGuessChecks, LIMIT_KEYS, type LimitSettings } from "../protection/limits.ts";
import { leaseMember } from "../protection/members.ts";
import type { Ledger, LimitStore } from "../protection/ports.ts";
import { addressTagOf } from "../protection/traffic.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { equalSecrets } from "../secrets.ts";
import { type Transaction, transactionDigest } from "../transaction.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import { judgeTransaction, readAsk } from "./ask.ts";
import type { Client } from "./client.ts";
import { normalizeCode, normalizePassword } from "./code.ts";
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

export interface CheckInput {
  readonly verificationId: string;
  readonly code: string;
  /** Those that the caller takes a code for. */
  readonly purposes: readonly Purpose[];
  /** The phone that it has to be about, by its tag, where the caller knows that. */
  readonly phoneTag?: string;
  /** Whose it must be, where it is for another phone than the user's own (`userHolder`). */
  readonly holder?: string;
  readonly client: Client;
  /** The backend that asks, where one does. */
  readonly backend?: Pick<Backend, "client">;
  /** What the caller takes to be confirmed. */
  readonly transaction?: Transaction;
}

/** A verification, and whose phone it is about. */
export interface Subject {
  readonly verification: Verification;
  readonly phone: Phone;
  readonly phoneTag: string;
  /** The test number that the phone was when this was looked up: all that follows goes by it. */
  readonly testNumber: TestNumber | undefined;
}

export type CheckRefusal = "invalid_request" | "invalid_code" | "too_many_requests";

/**
 * Looks at one guess. The store counts it and, if it is right, consumes the verification in the same step; a wrong one
 * is in the ledger before this resolves (promise 1). Wrong, expired, spent, foreign and unknown are one refusal.
 */
export async function checkCode(deps: CheckDeps, input: CheckInput): Promise<Result<Subject, CheckRefusal>> {
  const code = readCode(input);
  if (!code) return refuse("invalid_request", { field: "code", detail: "must be 4 to 10 digits" });
  const [counted, subject] = await Promise.all([
    countGuess(deps, input.client),
    findLive(deps, input.verificationId),
  ]);
  const admitted = await orAsKnown(deps, counted, subject?.verification);
  if (!admitted.ok) return admitted;
  if (!subject) {
    deps.onGuess("dead");
    return refuse("invalid_code");
  }
  const given = givenTransaction(input, subject.verification.purpose);
  if (!given.ok) return given;
  const outcome = await guessCode(deps, subject, { ...input, ...given.value, code });
  return outcome === "approved" ? ok(subject) : refuse("invalid_code");
}

/**
 * A transaction that is missing or misspelt is refused before it costs a guess. Where the code is for something else
 * nothing is said of it: the guess is wrong like any other.
 */
function givenTransaction(
  { purposes, transaction }: Pick<CheckInput, "purposes" | "transaction">,
  purpose: Purpose,
): Result<Pick<CheckInput, "transaction">, "invalid_request"> {
  if (!purposes.includes(purpose)) return ok({});
  const judged = judgeTransaction({ purpose, ...(transaction && { transaction }) });
  if (!judged.ok) return judged;
  return ok(judged.value ? { transaction: judged.value } : {});
}

function readCode({ code, purposes }: Pick<CheckInput, "code" | "purposes">): string | undefined {
  const takesPasswords = purposes.some((purpose) => ruleOf(purpose).isPassword);
  return normalizeCode(code) ?? (takesPasswords ? normalizePassword(code) : undefined);
}

type Counted = Result<void, "too_many_requests">;

/** Counts the guess for its client's address. A stranger's that is refused here is not looked at. */
export async function countGuess(deps: CheckDeps, client: Client): Promise<Counted> {
  if (!client.addressKey) return ok(undefined);
  const checks = guessChecks(deps.settings.limits, await addressTagOf(deps, client.addressKey));
  return await countOn(deps, checks);
}

/**
 * Counts a guess that its address's limit refused for the phone's known devices, where it is from one of them: whoever
 * shares their address keeps them out by no number of guesses (T8). As many, because a right password is in no ledger.
 */
export async function orAsKnown(
  deps: CheckDeps,
  counted: Counted,
  by: Pick<Verification, "bucket" | "phoneTag"> | undefined,
): Promise<Counted> {
  if (counted.ok || by?.bucket !== "device") return counted;
  return await countOn(deps, knownGuessChecks(deps.settings.limits, by.phoneTag));
}

/**
 * The live verification with this id, and whose phone it is about.
 *
 * Its tag is that of now, before anything counts: while a retag runs no guess is looked at, and after it no start would
 * see the guesses that are set aside under the old one.
 */
export async function findLive(deps: CheckDeps, id: string): Promise<Subject | undefined> {
  const verification = await deps.verifications.find(id);
  const now = deps.clock.now();
  if (!verification || !isLive(verification, now)) return undefined;
  if (await isForsaken(deps, verification)) return undefined;
  const phone = await currentPhone(deps.vault, verification);
  if (!phone) return undefined;
  const { purpose, phoneTag } = verification;
  const testNumber = testNumberOf(deps.settings.testNumbers, { phone, purpose }, now);
  return { verification, phone, phoneTag, testNumber };
}

/** Whoever took the keys of a backend away ended what it asked for. */
async function isForsaken({ apiKeys, clock }: CheckDeps, { asked }: Verification): Promise<boolean> {
  return asked !== undefined && (await apiKeys.findLive(asked.client, clock.now())) === undefined;
}

/** One guess at the code of a verification that was live just now; `dead` when it was over before the guess counted. */
export async function guessCode(
  deps: CheckDeps,
  subject: Subject,
  { code, purposes, phoneTag, holder, client, backend, transaction }: Omit<CheckInput, "verificationId">,
): Promise<GuessOutcome> {
  const { verification } = subject;
  const isAsked = !backend || backend.client === verification.asked?.client;
  const isAbout = phoneTag === undefined || phoneTag === verification.phoneTag;
  const isHeld = holder === undefined || holder === verification.holder;
  const same = isSame(transaction, (await readAsk(deps.vault, verification)).transaction);
  const isMine = purposes.includes(verification.purpose) && mayUse(verification, client) && isHeld;
  const fits = isMine && isAsked && isAbout && same;
  const right = equalSecrets(code, await codeOf(deps, subject, transaction)) && fits;
  const guess = await deps.verifications.guess(verification.id, right, deps.clock.now());
  deps.onGuess(guess.outcome);
  if (guess.outcome === "wrong") await recordWrong(deps, verification);
  if (guess.outcome === "approved") await settle(deps, { ...verification, ...guess });
  return guess.outcome;
}

/** Another transaction makes another code. This refuses the one that happens to be the same. */
function isSame(given: Transaction | undefined, asked: Transaction | undefined): boolean {
  if (!given || !asked) return given === asked;
  return transactionDigest(given) === transactionDigest(asked);
}

/** The guess stays set aside until it stands in the ledger, so that no start between the two sees it in neither. */
async function recordWrong(deps: CheckDeps, verification: Verification): Promise<void> {
  const { id, phoneTag, bucket } = verification;
  const codeLength = verification.grantedLength ?? verification.codeLength;
  const at = deps.clock.now();
  await deps.ledger.record(deps.random.uuid(at), phoneTag, bucket, { at, codeLength });
  await deps.limits.release(LIMIT_KEYS.guesses(phoneTag, bucket), leaseMember(id), 1);
}

/**
 * After the right code: its messages converted, and the guesses that it did not use are free again. A wrong one that
 * was counted just before and is still on its way to the ledger stays set aside.
 */
async function settle({ limits }: CheckDeps, ended: Verification): Promise<void> {
  const { id, phoneTag, bucket, attemptsAllowed, attemptsUsed, traffic } = ended;
  const wrong = Math.max(0, attemptsUsed - 1);
  const counted = traffic && bucket === "stranger";
  const open = [LIMIT_KEYS.unconverted(phoneTag, bucket), ...(counted ? guardKeys(traffic) : [])];
  await limits.settle({
    forget: { keys: open, members: messageMembers(ended) },
    forgive: counted ? forgivenKeys(traffic) : [],
    release: {
      key: LIMIT_KEYS.guesses(phoneTag, bucket),
      member: leaseMember(id),
      count: attemptsAllowed - wrong,
    },
  });
}
