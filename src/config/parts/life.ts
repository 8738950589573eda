import type { z } from "zod";
import { oneOf, wholeNumber } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface LifeConfig {
  readonly phoneChangeHours: number;
  readonly numberUnusedDays: number;
  readonly sparesProtected: boolean;
}

export const lifeVariables = {
  PHONE_CHANGE_HOURS: withDefault(wholeNumber(0, 168), "24", {
    part: "Accounts",
    sentence:
      "How long a change of number waits before it takes effect. Until then the old number can stop it. 0 for not at all.",
  }),
  NUMBER_UNUSED_DAYS: withDefault(wholeNumber(0, 3_650), "90", {
    part: "Accounts",
    sentence:
      "After how many days without use a number is taken to belong to somebody else: a sign-in on an unknown device then makes a new account, and the old one keeps everything but the number. 0 for never.",
  }),
  RECYCLED_NUMBERS: withDefault(oneOf(["fresh", "factor"]), "fresh", {
    part: "Accounts",
    sentence:
      "What happens with such a number: `fresh` always makes a new account; `factor` keeps accounts with login protection and asks for their second factor.",
  }),
};

type Values = z.output<z.ZodObject<typeof lifeVariables>>;

export function arrangeLife(values: Values): LifeConfig {
  return {
    phoneChangeHours: values.PHONE_CHANGE_HOURS,
    numberUnusedDays: values.NUMBER_UNUSED_DAYS,
    sparesProtected: values.RECYCLED_NUMBERS === "factor",
  };
}
