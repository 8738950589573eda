import type { z } from "zod";
import { wholeNumber } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface SessionConfig {
  readonly accessTokenMinutes: number;
  readonly sessionDays: number;
  /** Never more than `sessionDays`. */
  readonly idleDays: number;
}

export const sessionVariables = {
  ACCESS_TOKEN_MINUTES: withDefault(wholeNumber(1, 60), "15", {
    part: "Sessions",
    sentence:
      "How long an access token is valid. Services that check it by the JWKS notice a sign-out only after that.",
  }),
  SESSION_DAYS: withDefault(wholeNumber(1, 365), "30", {
    part: "Sessions",
    sentence: "After how long a session ends even if it is used.",
  }),
  SESSION_IDLE_DAYS: withDefault(wholeNumber(1, 365), "14", {
    part: "Sessions",
    sentence: "After how long without use a session ends; at most `SESSION_DAYS`.",
  }),
};

type Values = z.output<z.ZodObject<typeof sessionVariables>>;

export function arrangeSessions(values: Values): SessionConfig {
  return {
    accessTokenMinutes: values.ACCESS_TOKEN_MINUTES,
    sessionDays: values.SESSION_DAYS,
    idleDays: Math.min(values.SESSION_IDLE_DAYS, values.SESSION_DAYS),
  };
}
