import { decimalsOf } from "./currencies.ts";
import { ok, type Result, refuse } from "./refusals.ts";
import { sha256 } from "./secrets.ts";

/** What a person is asked to confirm. */
export interface Transaction {
  /** With all the decimals of its currency: `120.00`. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
  /** As the person is to read it. */
  readonly payee: string;
  /** Whatever else belongs to it: 32 bytes in base64url, made by the backend, compared and never read. */
  readonly hash?: string | undefined;
}

const AMOUNT = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,4}))?$/;
const CURRENCY = /^[A-Z]{3}$/;
const HASH = /^[A-Za-z0-9_-]{43}$/;
const MOST_IN_PAYEE = 40;

/**
 * Reads a transaction strictly, so that the person, the backend and the code mean the same: amounts have one spelling, a
 * payee is what can be seen of it. Two transactions are equal when what this returns is.
 */
export function parseTransaction(given: Transaction): Result<Transaction, "invalid_request"> {
  const decimals = CURRENCY.test(given.currency) ? decimalsOf(given.currency) : undefined;
  if (decimals === undefined) return bad("currency", "must be a currency of ISO 4217, such as CNY");
  const amount = readAmount(given.amount, decimals);
  if (amount === undefined) return bad("amount", amountRule(decimals));
  const fault = payeeFault(given.payee);
  if (fault) return bad("payee", fault);
  if (given.hash !== undefined && !HASH.test(given.hash)) {
    return bad("hash", "must be 32 bytes in base64url without padding, such as a SHA-256");
  }
  const { currency, payee, hash } = given;
  return ok({ amount, currency, payee, ...(hash !== undefined && { hash }) });
}

function bad(field: string, detail: string): Result<never, "invalid_request"> {
  return refuse("invalid_request", { field: `transaction.${field}`, detail });
}

function amountRule(decimals: number): string {
  const most = decimals === 0 ? "no decimals" : `at most ${decimals} decimals`;
  return `must be more than 0, in up to 12 digits with ${most} behind a point, as a string`;
}

/** The amount with all its decimals; undefined where it is none, or nothing. */
function readAmount(text: string, decimals: number): string | undefined {
  const [, whole, fraction = ""] = AMOUNT.exec(text) ?? [];
  if (whole === undefined || fraction.length > decimals) return undefined;
  if (/^0*$/.test(whole + fraction)) return undefined;
  return decimals === 0 ? whole : `${whole}.${fraction.padEnd(decimals, "0")}`;
}

/** Whatever could make a name read as something else than it is, or a part of the message that is not the payee (T49). */
const PAYEE_FAULTS: readonly (readonly [pattern: RegExp, fault: string])[] = [
  [/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u, "must not have control, invisible or bidirectional characters"],
  [/^ | $| {2}/u, "must not begin or end with a space, nor have two in a row"],
  [/\p{M}{3}|^\p{M}/u, "must not have marks that pile up"],
  [/:\/\/|@|[\p{L}\p{N}][.。．｡]\p{L}{2}/u, "must not look like a link"],
  // The message puts the payee in quotation marks: with marks of its own it could end them and go on with the sentence.
  [/["“”„‟〃＂]/u, "must not have quotation marks"],
  [/\p{N}{5}/u, "must not have five digits in a row, which read like a code"],
];

function payeeFault(payee: string): string | undefined {
  const length = [...payee].length;
  if (length < 1 || length > MOST_IN_PAYEE) return `must have 1 to ${MOST_IN_PAYEE} characters`;
  if (payee !== payee.normalize("NFC")) return "must be in Unicode's normal form C";
  // What only compatibility tells apart (full-width letters, styled digits) is judged by what it looks like.
  const looks = payee.normalize("NFKC");
  const found = PAYEE_FAULTS.find(([pattern]) => pattern.test(payee) || pattern.test(looks));
  if (found) return found[1];
  if (!/[\p{L}\p{N}]/u.test(payee)) return "must have a letter or a digit";
  return payee.split(/[^\p{L}\p{M}]+/u).some(mixesAlphabets)
    ? "must not mix alphabets within a word"
    : undefined;
}

const LOOKALIKES = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];

/** Letters of these three look alike, and no name has two of them in a word (UTS #39, mixed scripts). */
function mixesAlphabets(word: string): boolean {
  return LOOKALIKES.filter((script) => script.test(word)).length > 1;
}

/**
 * What stands for a transaction in its code and its proof: SHA-256, in base64url, of the JSON array of amount, currency,
 * payee and hash (an empty string where there is none) in UTF-8 and without spaces.
 */
export function transactionDigest({ amount, currency, payee, hash = "" }: Transaction): string {
  return sha256(JSON.stringify([amount, currency, payee, hash]));
}
