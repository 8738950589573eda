import type { z } from "zod";
import type { Window } from "../../core/protection/limits/ports.ts";
import type { LearnedWindows } from "../../core/protection/limits/settings.ts";
import { learnedLimit, limit } from "../formats/limits.ts";
import { withDefault } from "../setting.ts";

/**
 * Every window of a limit must hold; an empty list means no limit. Limits that strangers share refuse at ten times
 * their counts.
 */
export interface LimitsConfig {
  readonly phoneSends: readonly Window[];
  readonly addressSends: readonly Window[];
  readonly addressChecks: readonly Window[];
  readonly deviceSends: readonly Window[];
  readonly prefixSends: readonly Window[];
  readonly countrySends: LearnedWindows;
  readonly totalSends: LearnedWindows;
}

export const limitVariables = {
  LIMIT_PHONE_SENDS: withDefault(limit, "5/1h,10/24h", {
    part: "Limits",
    sentence:
      "Messages to one phone number. Strangers may use six tenths of the longest window for messages that lead to no sign-in; the rest is kept for devices that signed in to the number before.",
  }),
  LIMIT_ADDRESS_SENDS: withDefault(limit, "10/1h", {
    part: "Limits",
    sentence:
      "Messages that strangers ask for from one client address (IPv6 by /64). More than this is unusual, but a campus may share one address: beyond it strangers are challenged, and refused at ten times the count, by default 100 an hour.",
  }),
  LIMIT_DEVICE_SENDS: withDefault(limit, "5/1h,10/24h", {
    part: "Limits",
    sentence: "Messages asked for on one known device.",
  }),
  LIMIT_PREFIX_SENDS: withDefault(limit, "20/1h", {
    part: "Limits",
    sentence:
      "Messages to strangers whose numbers differ only in the last four digits. Beyond it they are challenged, and refused at ten times the count.",
  }),
  LIMIT_COUNTRY_SENDS: withDefault(learnedLimit, "learned", {
    part: "Limits",
    sentence:
      "Messages to strangers in one country. Beyond it they are challenged, and refused at ten times the count. `learned` is three times the country's busiest hour of the last 14 days, counting messages whose code was entered, and at least 300 an hour.",
  }),
  LIMIT_TOTAL_SENDS: withDefault(learnedLimit, "learned", {
    part: "Limits",
    sentence:
      "Messages to all strangers together. Beyond it they are challenged, and refused at ten times the count. `learned` is three times the busiest hour of the last 14 days, counting messages whose code was entered, and at least 300 an hour.",
  }),
  LIMIT_ADDRESS_CHECKS: withDefault(limit, "300/5m", {
    part: "Limits",
    sentence:
      "Codes and passwords tried from one client address (IPv6 by /64). Beyond it strangers are refused, while the known devices of each number get as many attempts again.",
  }),
};

type Values = z.output<z.ZodObject<typeof limitVariables>>;

export function arrangeLimits(values: Values): LimitsConfig {
  return {
    phoneSends: values.LIMIT_PHONE_SENDS,
    addressSends: values.LIMIT_ADDRESS_SENDS,
    addressChecks: values.LIMIT_ADDRESS_CHECKS,
    deviceSends: values.LIMIT_DEVICE_SENDS,
    prefixSends: values.LIMIT_PREFIX_SENDS,
    countrySends: values.LIMIT_COUNTRY_SENDS,
    totalSends: values.LIMIT_TOTAL_SENDS,
  };
}
