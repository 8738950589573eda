import type { z } from "zod";
import { wholeNumber } from "../formats.ts";
import { withDefault } from "../setting.ts";

export interface LifeConfig {
  readonly phoneChangeHours: number;
}

export const lifeVariables = {
  PHONE_CHANGE_HOURS: withDefault(wholeNumber(0, 168), "24", {
    part: "Accounts",
    sentence:
      "How long the move of an account to another number waits, during which the former number can stop it; 0 for not at all.",
  }),
};

type Values = z.output<z.ZodObject<typeof lifeVariables>>;

export function arrangeLife(values: Values): LifeConfig {
  return { phoneChangeHours: values.PHONE_CHANGE_HOURS };
}
