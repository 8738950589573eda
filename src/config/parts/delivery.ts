import type { CountryCode } from "libphonenumber-js/max";
import type { z } from "zod";
import { bad, countries, country, type Format, flag, good, oneOf } from "../formats.ts";
import { withDefault } from "../setting.ts";

export interface PhoneConfig {
  readonly defaultCountry: CountryCode;
  readonly allowedCountries: readonly CountryCode[] | "all";
  readonly strictNumbers: boolean;
}

function senderOf(senders: readonly string[]): Format<string> {
  const { expects, read } = oneOf(senders);
  return {
    expects,
    read: (text) => (read(text).ok ? good(text) : bad(`must be ${expects}; there is no other sender here`)),
  };
}

export function deliveryVariables(senders: readonly string[]) {
  return {
    SMS_SENDER: withDefault(senderOf(senders), "console", {
      part: "Messages and phone numbers",
      sentence:
        "What sends the SMS. `console` sends none: it keeps them for the development inbox. This version brings no other.",
      stopsProduction: "it is `console`",
    }),
    ...phoneVariables,
  };
}

const phoneVariables = {
  DEFAULT_COUNTRY: withDefault(country, "CN", {
    part: "Messages and phone numbers",
    sentence: "The country of numbers that are written without a country code.",
  }),
  ALLOWED_COUNTRIES: withDefault(countries, "CN", {
    part: "Messages and phone numbers",
    sentence:
      "The countries whose numbers may sign in. Every further one is a further way to run up your SMS bill.",
  }),
  STRICT_NUMBERS: withDefault(flag, "false", {
    part: "Messages and phone numbers",
    sentence:
      "`true` also refuses numbers of mainland China in ranges so new that the numbering data does not know them.",
  }),
};

type PhoneValues = z.output<z.ZodObject<typeof phoneVariables>>;

export function arrangePhone(values: PhoneValues): PhoneConfig {
  return {
    defaultCountry: values.DEFAULT_COUNTRY,
    allowedCountries: values.ALLOWED_COUNTRIES,
    strictNumbers: values.STRICT_NUMBERS,
  };
}
