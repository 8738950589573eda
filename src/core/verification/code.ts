import { hmac } from "../secrets.ts";

/** What a code is bound to by construction: a change to any of it gives another code. */
export interface CodeSubject {
  readonly verificationId: string;
  readonly purpose: string;
  /** The digest of the transaction that it confirms (`transactionDigest`). */
  readonly transaction?: string;
}

const DIGITS = "0123456789";
/** No vowels, which could form words, and no characters that look alike: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V. */
const LETTERS = "CDFGHJKMNPQRTWXY34679";

/** What the characters of a code are taken from. */
export type CodeAlphabet = "digits" | "letters";

const ALPHABETS: Readonly<Record<CodeAlphabet, string>> = { digits: DIGITS, letters: LETTERS };

/** The most digits that a code has. */
const MOST_DIGITS = 10;
/** Characters of a temporary password if every sender carries text: 52 bits, for three guesses within ten minutes. */
export const PASSWORD_LENGTH = 12;

/**
 * What codes of this length are made of. Only temporary passwords have letters, and those are longer than any code of
 * digits.
 */
export function alphabetOf(codeLength: number): CodeAlphabet {
  return codeLength > MOST_DIGITS ? "letters" : "digits";
}

/**
 * Derives a verification's code. Nothing keeps the code: a resend derives it again.
 *
 * HMAC-SHA-256 under the code key gives a stream of bytes. Bytes beyond the greatest multiple of the alphabet's size
 * are skipped, so that every character is equally likely (rejection sampling). RFC 4226's modulo would favour low
 * digits.
 *
 * @param length how many characters
 */
export function deriveCode(
  key: Uint8Array,
  { verificationId, purpose, transaction }: CodeSubject,
  length: number,
  alphabet: CodeAlphabet = "digits",
): string {
  const bound = transaction === undefined ? [] : [transaction];
  let code = "";
  for (let block = 0; code.length < length; block += 1) {
    const bytes = hmac(key, verificationId, purpose, String(length), String(block), ...bound);
    code += charactersOf(bytes, ALPHABETS[alphabet]);
  }
  return code.slice(0, length);
}

function charactersOf(bytes: Uint8Array, alphabet: string): string {
  const most = 256 - (256 % alphabet.length);
  let characters = "";
  for (const byte of bytes) if (byte < most) characters += alphabet[byte % alphabet.length];
  return characters;
}

/** What `normalizeCode` accepts, as the refusal of anything else says it. */
export const CODE_RULE = "must be 4 to 10 digits";

/**
 * Brings a typed code to plain digits: full-width digits are folded (NFKC), spaces and hyphens dropped. Undefined if
 * the rest is not 4 to 10 digits. Such a guess is refused without being looked at (T42).
 */
export function normalizeCode(typed: string): string | undefined {
  const code = plain(typed);
  return /^[0-9]{4,10}$/.test(code) ? code : undefined;
}

/** A typed temporary password, as it was generated; undefined for anything else. Lower-case letters are accepted. */
export function normalizeTemporaryPassword(typed: string): string | undefined {
  const password = plain(typed).toUpperCase();
  return PASSWORD.test(password) ? password : undefined;
}

const PASSWORD = new RegExp(`^[${LETTERS}]{${PASSWORD_LENGTH}}$`);

function plain(typed: string): string {
  return typed.length > 64 ? "" : typed.normalize("NFKC").replace(/[ -]/g, "");
}

/** A code as a message shows it. A password is shown in groups, since a person has to type it. */
export function readableCode(code: string): string {
  return alphabetOf(code.length) === "letters" ? code.replace(/.{4}(?=.)/g, "$&-") : code;
}
