import type { CountryCode } from "libphonenumber-js/max";
import type { z } from "zod";
import { countries, country, type Format, flag, format, split } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface PhoneConfig {
  readonly defaultCountry: CountryCode;
  readonly allowedCountries: readonly CountryCode[] | "all";
  readonly strictNumbers: boolean;
}

/** The values of `SMS_SENDER`. All but `console`, which cannot be combined, are real senders. */
export const SENDERS = ["console", "tencent", "webhook"] as const;

export type SenderName = (typeof SENDERS)[number];

const [CONSOLE, ...REAL] = SENDERS;

const senders: Format<readonly SenderName[]> = format(
  `\`${CONSOLE}\`, or ${REAL.map((name) => `\`${name}\``).join(" or ")}, or several of these by commas, each once`,
  (text) => {
    const names = split(text);
    const known = names.flatMap((name) => SENDERS.filter((sender) => sender === name));
    const isRight = known.length === names.length && new Set(known).size === known.length;
    const isMixed = known.length > 1 && known.includes(CONSOLE);
    return isRight && !isMixed && known.length > 0 ? known : undefined;
  },
);

/** The senders named in a text that may be invalid otherwise. */
export function sendersIn(text: string = CONSOLE): readonly string[] {
  return split(text);
}

export const deliveryVariables = {
  SMS_SENDER: withDefault(senders, CONSOLE, {
    part: "Messages and phone numbers",
    sentence:
      "What sends the SMS. `console` sends none and keeps them for the development inbox. `tencent` sends through Tencent Cloud, `webhook` through an address of your own. Of several, such as `tencent,webhook`, each is tried in turn until one takes the message; [Several senders](senders.md#several-senders) says when.",
    stopsProduction: "it is `console`",
  }),
  DEFAULT_COUNTRY: withDefault(country, "CN", {
    part: "Messages and phone numbers",
    sentence: "The country of numbers written without a country code.",
  }),
  ALLOWED_COUNTRIES: withDefault(countries, "CN", {
    part: "Messages and phone numbers",
    sentence:
      "The countries whose numbers may sign in. Every further one is a further way to run up your SMS bill.",
  }),
  STRICT_NUMBERS: withDefault(flag, "false", {
    part: "Messages and phone numbers",
    sentence: "`true` also refuses mainland China numbers in ranges that are too new for the numbering data.",
  }),
};

type PhoneValues = z.output<z.ZodObject<typeof deliveryVariables>>;

export function arrangePhone(values: PhoneValues): PhoneConfig {
  return {
    defaultCountry: values.DEFAULT_COUNTRY,
    allowedCountries: values.ALLOWED_COUNTRIES,
    strictNumbers: values.STRICT_NUMBERS,
  };
}
