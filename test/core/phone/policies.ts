import { type CountryCode, type PhonePolicy, parsePhone } from "../../../src/core/phone.ts";

export const CHINA: PhonePolicy = { defaultCountry: "CN", allowedCountries: ["CN"], strictNumbers: false };
export const WORLD: PhonePolicy = { defaultCountry: "CN", allowedCountries: "all", strictNumbers: false };

/** The E.164 key, or the code of the refusal. */
export function read(input: string, policy: PhonePolicy = CHINA): string {
  const result = parsePhone(input, policy);
  return result.ok ? result.value : result.refusal.code;
}

export function home(country: CountryCode): PhonePolicy {
  return { defaultCountry: country, allowedCountries: [country], strictNumbers: true };
}
