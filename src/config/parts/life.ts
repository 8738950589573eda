import type { z } from "zod";
import { oneOf, wholeNumber } from "../formats.ts";
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
      "How long the move of an account to another number waits, during which the former number can stop it; 0 for not at all.",
  }),
  NUMBER_UNUSED_DAYS: withDefault(wholeNumber(0, 3_650), "90", {
    part: "Accounts",
    sentence:
      "After how long without use a number may belong to somebody else: a sign-in on an unknown device makes a new account then, and the former one keeps all but the number. 0 for never.",
  }),
  RECYCLED_NUMBERS: withDefault(oneOf(["fresh", "factor"]), "fresh", {
    part: "Accounts",
    sentence:
      "What becomes of such a number: `fresh` makes a new account in any case, `factor` keeps accounts with login protection and asks for their second factor.",
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
