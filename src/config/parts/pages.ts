import type { z } from "zod";
import { LOCALES, type Locale } from "../../core/locale.ts";
import { returnAddresses } from "../formats/addresses.ts";
import { brandName, oneOf } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface PagesConfig {
  readonly brandName: string;
  readonly defaultLocale: Locale;
  /** Compared with the requested address character by character. */
  readonly returnTo: readonly string[];
}

export const pageVariables = {
  BRAND_NAME: withDefault(brandName, "Phonekey", {
    part: "Pages",
    sentence: "Your name on the pages and in the SMS.",
  }),
  DEFAULT_LOCALE: withDefault(oneOf(LOCALES), "en", {
    part: "Pages",
    sentence: "The language when a request asks for neither English nor Chinese.",
  }),
  RETURN_TO: withDefault(returnAddresses, "", {
    part: "Pages",
    sentence:
      "The addresses to which the sign-in page may send people back, compared character by character. Write a comma in an address as `%2C`.",
  }),
};

type Values = z.output<z.ZodObject<typeof pageVariables>>;

export function arrangePages(values: Values): PagesConfig {
  return { brandName: values.BRAND_NAME, defaultLocale: values.DEFAULT_LOCALE, returnTo: values.RETURN_TO };
}
