import { nationalForm, type Phone } from "../phone.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { CommonPasswords } from "./ports.ts";

/** Counted in code points, after normalization. */
const SHORTEST = 8;
const LONGEST = 256;
/** A repeated unit of this length is as easy to guess as the unit. */
const LONGEST_UNIT = 4;

export type PasswordRefusal =
  | "invalid_request"
  | "password_too_short"
  | "password_too_long"
  | "password_too_common";

/** What a person chose, for whom and where. */
export interface NewPassword {
  readonly text: string;
  /** Absent if it is not known yet. */
  readonly phone?: Phone;
  readonly brandName: string;
}

/**
 * The form in which a password is hashed and compared: NFKC, so that the same keys give the same password on every
 * keyboard and system (NIST SP 800-63B-4, 3.1.1.2).
 */
export function normalizePassword(text: string): string {
  return text.normalize("NFKC");
}

/**
 * What any password must be: 8 to 256 characters of any kind, except characters that nobody types. There are no rules
 * of composition.
 */
function readPassword(text: string): Result<string, Exclude<PasswordRefusal, "password_too_common">> {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return refuse("invalid_request", UNTYPABLE);
  const password = normalizePassword(text);
  const length = [...password].length;
  if (length < SHORTEST) return refuse("password_too_short", { field: FIELD, detail: LENGTH_RULE });
  if (length > LONGEST) return refuse("password_too_long", { field: FIELD, detail: LENGTH_RULE });
  return ok(password);
}

const FIELD = "newPassword";
const LENGTH_RULE = `must have ${SHORTEST} to ${LONGEST} characters`;
const UNTYPABLE = { field: FIELD, detail: "must not have control characters" };

/**
 * Judges a new password, and resolves with the form to hash. Refuses passwords that too many others chose or that
 * breaches made public, patterns, and what is made of the person's own number or the name of the service.
 */
export async function judgePassword(
  { isCommon }: CommonPasswords,
  { text, phone, brandName }: NewPassword,
): Promise<Result<string, PasswordRefusal>> {
  const read = readPassword(text);
  if (!read.ok) return read;
  const plain = read.value.toLowerCase();
  const numbers = phone ? [phone, phone.slice(1), nationalForm(phone)] : [];
  const known = [...numbers, normalizePassword(brandName).toLowerCase()];
  const isEasy = isPattern(plain) || isMadeOf(known, plain) || (await isCommon(plain));
  return isEasy ? refuse("password_too_common", { field: FIELD, detail: EASY }) : read;
}

const EASY = "is too common, a pattern, or made of the phone number or the name of this service";

/** Whether the rest is too short for a password once the words that everybody knows are taken out. */
function isMadeOf(words: readonly string[], password: string): boolean {
  const rest = words
    .filter((word) => word.length > 1)
    .reduce((left, word) => left.replaceAll(word, ""), password);
  return rest !== password && [...rest].length < SHORTEST;
}

/** Whether it is one short unit over and over, a run such as `23456789`, or eight digits that are a date. */
function isPattern(password: string): boolean {
  return isRepetition(password) || isRun(password) || isDate(password);
}

function isRepetition(password: string): boolean {
  return Array.from({ length: LONGEST_UNIT }, (_, index) => password.slice(0, index + 1)).some(
    (unit) => unit.repeat(Math.ceil(password.length / unit.length)).slice(0, password.length) === password,
  );
}

function isRun(password: string): boolean {
  const points = Array.from(password, (character) => character.codePointAt(0) ?? 0);
  const steps = points.slice(1).map((point, index) => point - (points[index] ?? 0));
  // After 9 comes 0, and before 0 comes 9.
  const isStep = (way: number) => (step: number) => step === way || step === -9 * way;
  return steps.every(isStep(1)) || steps.every(isStep(-1));
}

const DATE = /^(?:(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d|[0-3]\d(?:0[1-9]|1[0-2])(?:19|20)\d\d)$/;

function isDate(password: string): boolean {
  return DATE.test(password);
}
