import type { Limit } from "../../../../src/core/protection/limits/ports.ts";
import type { LimitCaller } from "../../../../src/core/protection/limits/send-limit.ts";
import type { LimitSettings } from "../../../../src/core/protection/limits/settings.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../times.ts";

export const DEFAULTS: LimitSettings = {
  phoneSends: [
    { max: 5, windowMs: HOUR },
    { max: 10, windowMs: DAY },
  ],
  addressSends: [{ max: 10, windowMs: HOUR }],
  addressChecks: [{ max: 300, windowMs: 5 * MINUTE }],
  deviceSends: [{ max: 5, windowMs: HOUR }],
  prefixSends: [{ max: 20, windowMs: HOUR }],
  countrySends: "learned",
  totalSends: "learned",
  resendMs: 30 * SECOND,
};
export const STRANGER: LimitCaller = {
  phoneTag: "key.tag",
  bucket: "stranger",
  traffic: { country: "CN", prefixTag: "prefix", addressTag: "address", networkTag: "network" },
  standing: { name: "exempt" },
  isTrusted: false,
};
export const DEVICE: LimitCaller = { ...STRANGER, bucket: "device", holder: "device:id" };
export const NOW = 1_800_000_000_000;
export const nothingLearned = () => undefined;

/** A limit as one line: its name, `max/window` of each window, and its key. */
export function line({ name, key, windows, backoff }: Limit): string {
  const shown = windows.map(({ max, windowMs }) => `${max}/${windowMs / MINUTE}m`).join(",") || "-";
  const waits = backoff ? ` ${backoff.baseMs / SECOND}s in ${backoff.windowMs / MINUTE}m` : "";
  return `${name} ${shown}${waits} ${key}`;
}
