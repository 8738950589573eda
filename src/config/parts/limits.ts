import type { z } from "zod";
import type { Window } from "../../core/protection/limits.ts";
import { limit } from "../limits.ts";
import { withDefault } from "../setting.ts";

/** Every window of a limit must hold; none lifts it. `addressSends` refuses at ten times its counts. */
export interface LimitsConfig {
  readonly phoneSends: readonly Window[];
  readonly addressSends: readonly Window[];
  readonly addressChecks: readonly Window[];
}

export const limitVariables = {
  LIMIT_PHONE_SENDS: withDefault(limit, "5/1h,10/24h", {
    part: "Limits",
    sentence:
      "Messages to one phone number. Of the longest window, strangers may use six tenths for messages that no sign-in comes of; the rest is kept for the devices that signed in to the number before.",
  }),
  LIMIT_ADDRESS_SENDS: withDefault(limit, "10/1h", {
    part: "Limits",
    sentence:
      "Messages asked for from one client address (IPv6 by /64). More than this is unusual, but a campus may share one address: a request is refused at ten times the count, so by default at 100 an hour.",
  }),
  LIMIT_ADDRESS_CHECKS: withDefault(limit, "300/5m", {
    part: "Limits",
    sentence: "Codes tried from one client address (IPv6 by /64).",
  }),
};

type Values = z.output<z.ZodObject<typeof limitVariables>>;

export function arrangeLimits(values: Values): LimitsConfig {
  return {
    phoneSends: values.LIMIT_PHONE_SENDS,
    addressSends: values.LIMIT_ADDRESS_SENDS,
    addressChecks: values.LIMIT_ADDRESS_CHECKS,
  };
}
