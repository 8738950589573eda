import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  PhoneNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/max";
import { ok, type Result, refuse } from "./refusals.ts";

export type { CountryCode };

declare const parsed: unique symbol;

/**
 * A number in E.164, such as `+8613800138000`. `parsePhone` makes one of what a person wrote, and `phoneInE164` one of what
 * is in this form already.
 */
export type Phone = string & { readonly [parsed]: true };

/** Whose numbers are taken, and how a number without a calling code is read. */
export interface PhonePolicy {
  readonly defaultCountry: CountryCode;
  readonly allowedCountries: readonly CountryCode[] | "all";
  /** False also takes numbers of mainland China that look like a mobile and that the metadata does not know yet. */
  readonly strictNumbers: boolean;
}

const MAX_INPUT_LENGTH = 64;

const PLAIN = /^\+?[0-9]+$/;
const INTERNATIONAL = /^\+[0-9]+$/;
const DIGIT = /^\p{Nd}$/u;
const PLUS = /^[+\uFF0B]$/u;
const OPENING = /^[([\uFF08\uFF3B]$/u;
const CLOSING = /^[)\]\uFF09\uFF3D]$/u;
/** Spaces, hyphens, dashes and minus, the mark that Japanese keyboards give for a hyphen, dots and slashes. */
const SEPARATOR = /^[\p{Zs}\-\u2010-\u2015\u2212\u30FC\uFE58\uFE63\uFF0D.\u00B7\u30FB\uFF0E/\uFF0F]$/u;
const MAINLAND_MOBILE = /^1[3-9]\d{9}$/;

/** In some plans, such as North America's, nothing tells a fixed line from a mobile. */
const MOBILE_TYPES: readonly (string | undefined)[] = ["MOBILE", "FIXED_LINE_OR_MOBILE"];

/** Territories whose mobiles lie within the ranges of another country: no digit tells the two apart. */
const SHARES_MOBILES_WITH: Partial<Record<CountryCode, CountryCode>> = {
  AX: "FI",
  BL: "GP",
  CC: "AU",
  CX: "AU",
  EH: "MA",
  MF: "GP",
  SJ: "NO",
  VA: "IT",
};

/** Both plans have +44 7924 and the library gives it to GB; it is a range of the Isle of Man (T41). */
const ISLE_OF_MAN_RANGE = "+447924";

/**
 * Reads a phone number as a person wrote it. However it is spelled, one number gives one key (T40).
 *
 * @param input at most 64 UTF-16 units: digits of any script, separators, brackets and a leading plus, nothing else.
 * @param country how a number without a calling code is read, where the person picked one
 * @returns the number in E.164. Refused with `invalid_phone` when it is no phone number, `phone_not_mobile` when it
 *   cannot be a mobile, satellite phones and other numbers of no country included, and `country_not_allowed` by the
 *   region that it belongs to, never by its calling code (T41).
 */
export function parsePhone(
  input: string,
  policy: PhonePolicy,
  country = policy.defaultCountry,
): Result<Phone, "invalid_phone" | "country_not_allowed" | "phone_not_mobile"> {
  const number = readNumber(input, { ...policy, defaultCountry: country });
  if (number === undefined) return refuse("invalid_phone", { field: "phone" });
  if (!canBeMobile(number)) return refuse("phone_not_mobile", { field: "phone" });
  if (!isAllowed(regionOf(number), policy)) return refuse("country_not_allowed", { field: "phone" });
  return ok(number.number as Phone);
}

/**
 * Shows whose number it is without telling it: `+86 138••••8000`. At least four digits are hidden, at most the first
 * three and the last four after the calling code are shown, and the dots do not tell how many are hidden.
 */
export function maskPhone(phone: Phone): string {
  const { countryCallingCode, nationalNumber } = new PhoneNumber(phone);
  const shown = Math.max(0, nationalNumber.length - 4);
  const tail = Math.min(4, shown);
  const head = Math.min(3, shown - tail);
  const end = nationalNumber.slice(nationalNumber.length - tail);
  return `+${countryCallingCode} ${nationalNumber.slice(0, head)}••••${end}`;
}

/** The region that a number belongs to, whatever calling code it shares; undefined where the metadata knows none. */
export function countryOf(phone: Phone): CountryCode | undefined {
  onlyCountries ??= readOnlyCountries();
  const only = onlyCountries.get(new PhoneNumber(phone).countryCallingCode);
  if (only !== undefined) return only;
  const number = parsePhoneNumberFromString(phone, { extract: false });
  return number && regionOf(number);
}

/** Of calling codes that a single country has: most are so, and tell it without a look at the other digits. */
let onlyCountries: ReadonlyMap<string, CountryCode | undefined> | undefined;

function readOnlyCountries(): ReadonlyMap<string, CountryCode | undefined> {
  const countries = new Map<string, CountryCode | undefined>();
  for (const country of getCountries()) {
    const code = getCountryCallingCode(country);
    countries.set(code, countries.has(code) ? undefined : country);
  }
  return countries;
}

/** The number as clients of the functions API write it: `13800138000` in mainland China, others in E.164. */
export function nationalForm(phone: Phone): string {
  return phone.startsWith("+86") ? phone.slice("+86".length) : phone;
}

/**
 * Reads that form again, and all others as `parsePhone` does: with a `defaultCountry` in North America the eleven digits would
 * else be somebody's there.
 */
export function parseNationalForm(input: string, policy: PhonePolicy): ReturnType<typeof parsePhone> {
  const mainland = MAINLAND_MOBILE.test(input) ? parsePhone(input, policy, "CN") : undefined;
  return mainland?.ok ? mainland : parsePhone(input, policy);
}

/** The first way of reading the input that gives a number that exists. */
function readNumber(input: string, policy: PhonePolicy): PhoneNumber | undefined {
  const { defaultCountry } = policy;
  for (const dialed of readings(input, defaultCountry)) {
    // With `extract` the library would look for a number inside the text (T40).
    const number = parsePhoneNumberFromString(dialed, { defaultCountry, extract: false });
    if (number !== undefined && exists(number, policy)) return number;
  }
  return undefined;
}

function exists(number: PhoneNumber, { strictNumbers }: PhonePolicy): boolean {
  if (!strictNumbers && looksLikeMainlandMobile(number)) return true;
  return number.isValid() || number.isNonGeographic();
}

/**
 * What the input may mean, likeliest first. The 0 in `+86 (0)138…` is not dialed from abroad, but in a few countries
 * it is part of the number; `00` and `086` are written also where they are not the prefix for a call abroad.
 */
function readings(input: string, defaultCountry: CountryCode): readonly string[] {
  const text = toPlainText(input);
  if (text === undefined) return [];
  if (INTERNATIONAL.test(text)) return [text];
  const texts = text.includes("(0)") ? [text.replace("(0)", ""), text] : [text];
  const dialed = texts.map((each) => each.replace(/[()]/g, ""));
  return dialed.flatMap((each) => [each, ...asInternational(each, defaultCountry)]);
}

function asInternational(dialed: string, defaultCountry: CountryCode): readonly string[] {
  if (dialed.startsWith("00")) return [`+${dialed.slice(2)}`];
  return dialed.startsWith(`0${getCountryCallingCode(defaultCountry)}`) ? [`+${dialed.slice(1)}`] : [];
}

/** The input's digits, plus signs and brackets in ASCII, without separators; undefined when it has anything else. */
function toPlainText(input: string): string | undefined {
  if (input.length > MAX_INPUT_LENGTH) return undefined;
  // As programs write it: nothing to translate.
  if (PLAIN.test(input)) return input;
  let text = "";
  for (const character of input) {
    const plain = toPlainCharacter(character);
    if (plain === undefined) return undefined;
    text += plain;
  }
  return text;
}

function toPlainCharacter(character: string): string | undefined {
  if (DIGIT.test(character)) return String(digitValue(character));
  if (PLUS.test(character)) return "+";
  if (OPENING.test(character)) return "(";
  if (CLOSING.test(character)) return ")";
  return SEPARATOR.test(character) ? "" : undefined;
}

/** Unicode keeps the decimal digits of every script in ascending runs of ten (the Unicode Standard, section 4.6). */
function digitValue(digit: string): number {
  const codePoint = digit.codePointAt(0) ?? 0;
  let start = codePoint;
  while (DIGIT.test(String.fromCodePoint(start - 1))) start -= 1;
  return (codePoint - start) % 10;
}

function canBeMobile(number: PhoneNumber): boolean {
  if (looksLikeMainlandMobile(number)) return true;
  // The metadata calls satellite phones mobiles (T41).
  return !number.isNonGeographic() && MOBILE_TYPES.includes(number.getType());
}

/** Asked first: to look a number up in the metadata takes as long as to read it, once for each kind that it may be. */
function looksLikeMainlandMobile(number: PhoneNumber): boolean {
  return number.country === "CN" && MAINLAND_MOBILE.test(number.nationalNumber);
}

function regionOf(number: PhoneNumber): CountryCode | undefined {
  return number.number.startsWith(ISLE_OF_MAN_RANGE) ? "IM" : number.country;
}

function isAllowed(region: CountryCode | undefined, { allowedCountries }: PhonePolicy): boolean {
  if (region === undefined) return false;
  if (allowedCountries === "all") return true;
  return allowedCountries.some((allowed) => allowed === region || SHARES_MOBILES_WITH[allowed] === region);
}

/**
 * A number that somebody else wrote in E.164, as it is: whether it can be reached, and whether it may sign in, is not
 * looked at. For looking up what is known of it.
 */
export function phoneInE164(text: string): Phone | undefined {
  return /^\+[1-9]\d{6,14}$/.test(text) ? (text as Phone) : undefined;
}
