import { DAY_MS } from "../../time.ts";
import type { Window } from "./ports.ts";

/**
 * The windows that are set, or `learned`: three times as many an hour as were approved in the busiest hour of the last
 * 14 days.
 */
export type LearnedWindows = readonly Window[] | "learned";

/** An empty list of windows lifts its limit. */
export interface LimitSettings {
  /** `LIMIT_PHONE_SENDS`: messages to one phone. The longest window counts everybody together. */
  readonly phoneSends: readonly Window[];
  /** `LIMIT_ADDRESS_SENDS`: messages that strangers ask for from one client address. */
  readonly addressSends: readonly Window[];
  /** `LIMIT_DEVICE_SENDS`: messages that are asked for on one known device. */
  readonly deviceSends: readonly Window[];
  /** `LIMIT_PREFIX_SENDS`: messages to strangers of ten thousand numbers that differ in the last four digits. */
  readonly prefixSends: readonly Window[];
  /** `LIMIT_COUNTRY_SENDS`: messages to strangers of one country. */
  readonly countrySends: LearnedWindows;
  /** `LIMIT_TOTAL_SENDS`: messages to all strangers. */
  readonly totalSends: LearnedWindows;
  /**
   * `LIMIT_ADDRESS_CHECKS`: guesses from one client address, and as many solutions of challenges. Once it is used up, a
   * phone's known devices have as many guesses again.
   */
  readonly addressChecks: readonly Window[];
  /** `RESEND_SECONDS` or the sender's own floor, whichever is longer. */
  readonly resendMs: number;
}

/** No window can be set longer, so looking back this far finds all that may count. Milliseconds. */
export const MAX_WINDOW_MS = 30 * DAY_MS;

/** No window of a backend is longer: a rebuild reads at least this much of the record of messages. Milliseconds. */
export const LONGEST_BACKEND_MS = DAY_MS;

/**
 * How far back any limit looks, milliseconds. At least a day, which is how far the guard, budgets and backends look.
 */
export function longestWindowMs(settings: Omit<LimitSettings, "resendMs"> & Partial<LimitSettings>): number {
  const windows = Object.values(settings).flatMap((each) => (typeof each === "object" ? each : []));
  return Math.max(DAY_MS, ...windows.map(({ windowMs }) => windowMs));
}
