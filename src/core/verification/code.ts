import { hmac } from "../secrets.ts";

/** What a code is bound to by construction: change any of it and another code comes out. */
export interface CodeSubject {
  readonly verificationId: string;
  readonly purpose: string;
}

/**
 * Derives the digits of a verification's code. Nothing keeps the code: a resend derives it again.
 *
 * HMAC-SHA-256 under the code key gives a stream of bytes; bytes from 250 on are skipped, so that every digit is
 * equally likely (rejection sampling; RFC 4226's modulo would favour low digits).
 *
 * @param length how many digits
 */
export function deriveCode(key: Uint8Array, subject: CodeSubject, length: number): string {
  let digits = "";
  for (let block = 0; digits.length < length; block += 1) {
    const bytes = hmac(key, subject.verificationId, subject.purpose, String(length), String(block));
    digits += digitsOf(bytes);
  }
  return digits.slice(0, length);
}

function digitsOf(bytes: Uint8Array): string {
  let digits = "";
  for (const byte of bytes) if (byte < 250) digits += byte % 10;
  return digits;
}

/**
 * Brings a typed code to plain digits: full-width digits are folded (NFKC), spaces and hyphens dropped. Undefined when
 * what is left is not 4 to 10 digits; such a guess is refused without being looked at (T42).
 */
export function normalizeCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const digits = typed.normalize("NFKC").replace(/[ -]/g, "");
  return /^[0-9]{4,10}$/.test(digits) ? digits : undefined;
}
