import { getCountries, getCountryCallingCode, isSupportedCountry } from "libphonenumber-js/max";
import type { Locale } from "./locale.ts";
import type { CountryCode, PhonePolicy } from "./phone.ts";

/** One line of a country picker. */
export interface CountryOption {
  /** ISO 3166-1 alpha-2. */
  readonly code: CountryCode;
  /** Without the plus: `86`. */
  readonly callingCode: string;
  /** In the language asked for. */
  readonly name: string;
  /** The flag as an emoji. */
  readonly flag: string;
}

/** Whether this is the code of a country or territory with telephone numbers of its own, in upper case: `CN`. */
export function isCountryCode(value: string): value is CountryCode {
  return isSupportedCountry(value);
}

/** The countries a person may choose from, by name in the order of the language: pinyin in Chinese. */
export function countryOptions(
  allowed: PhonePolicy["allowedCountries"],
  locale: Locale,
): readonly CountryOption[] {
  const names = new Intl.DisplayNames(locale, { type: "region" });
  const { compare } = new Intl.Collator(locale);
  const codes = allowed === "all" ? getCountries() : [...new Set(allowed)];
  return codes
    .map((code) => ({
      code,
      callingCode: getCountryCallingCode(code),
      name: names.of(code) ?? code,
      flag: flagOf(code),
    }))
    .sort((left, right) => compare(left.name, right.name));
}

/** Two regional indicator symbols make a flag (Unicode Technical Standard #51, annex B). */
function flagOf(code: CountryCode): string {
  return [...code].map((letter) => String.fromCodePoint(0x1f1e6 + letter.charCodeAt(0) - 65)).join("");
}
