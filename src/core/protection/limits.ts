import { type Result, refuse } from "../refusals.ts";
import type { Bucket, LimitCheck } from "./ports.ts";

/** At most `max` events in any window of this length. An empty list of windows lifts the limit. */
export interface Window {
  readonly max: number;
  readonly windowMs: number;
}

export interface LimitSettings {
  /** `LIMIT_PHONE_SENDS`: messages to one phone. The longest window counts everybody together. */
  readonly phoneSends: readonly Window[];
  /** `LIMIT_ADDRESS_SENDS`: messages asked for by one client address; refused at ten times this. */
  readonly addressSends: readonly Window[];
  /** `LIMIT_ADDRESS_CHECKS`: guesses from one client address. */
  readonly addressChecks: readonly Window[];
  /** `RESEND_SECONDS` or the sender's own floor, whichever is longer. */
  readonly resendMs: number;
}

/** Who asks, as far as limits are concerned. */
export interface LimitCaller {
  readonly phoneTag: string;
  readonly bucket: Bucket;
  /** The client's address, an IPv6 one by its /64; absent where no source of it can be trusted. */
  readonly addressKey?: string;
}

const HOUR_MS = 3_600_000;
/** What strangers may leave unconverted of a phone's longest window; the rest is kept for its known devices. */
const STRANGERS_SHARE = 0.6;
/** A campus behind one address can live; a flood from it cannot. */
const ADDRESS_REFUSAL_FACTOR = 10;
const RUNNING_REQUEST_MS = 60_000;

export const LIMIT_KEYS = {
  phone: (tag: string) => `sends:${tag}`,
  side: (tag: string, bucket: Bucket) => `sends:${bucket}:${tag}`,
  unconverted: (tag: string, bucket: Bucket) => `unconverted:${bucket}:${tag}`,
  guesses: (tag: string, bucket: Bucket) => `guesses:${bucket}:${tag}`,
} as const;

/**
 * The limits on sending one message, in the order in which they are looked at.
 *
 * | name          | counts                                | for                                           |
 * |---------------|---------------------------------------|-----------------------------------------------|
 * | `idempotency` | running requests with one key         | who sent an `Idempotency-Key`                 |
 * | `resend`      | unconverted messages to the phone     | each side; 30 s, doubling                     |
 * | `strangers`   | unconverted messages to the phone     | strangers, 60 % of the longest window         |
 * | `phone_side`  | messages to the phone                 | each side, the shorter windows                |
 * | `phone`       | messages to the phone                 | both sides together, the longest window       |
 * | `address`     | messages asked for from one address   | everybody                                     |
 */
export function sendChecks(
  settings: LimitSettings,
  caller: LimitCaller,
  idempotencyKey?: string,
): LimitCheck[] {
  const { phoneTag: tag, bucket, addressKey } = caller;
  const [shorter, longest] = splitWindows(settings.phoneSends);
  const unconverted = LIMIT_KEYS.unconverted(tag, bucket);
  const checks: LimitCheck[] = [];
  if (idempotencyKey) {
    checks.push({
      name: "idempotency",
      key: `idempotency:${idempotencyKey}`,
      windows: [{ max: 1, windowMs: RUNNING_REQUEST_MS }],
    });
  }
  checks.push({
    name: "resend",
    key: unconverted,
    windows: [],
    backoff: { baseMs: settings.resendMs, windowMs: HOUR_MS },
  });
  if (bucket === "stranger") {
    checks.push({ name: "strangers", key: unconverted, windows: longest.map(strangersShare) });
  }
  checks.push({ name: "phone_side", key: LIMIT_KEYS.side(tag, bucket), windows: shorter });
  checks.push({ name: "phone", key: LIMIT_KEYS.phone(tag), windows: longest });
  if (addressKey) {
    checks.push({
      name: "address",
      key: `address-sends:${addressKey}`,
      windows: settings.addressSends.map(refusalWindow),
    });
  }
  return checks;
}

/** The limit on guesses from one address; independent of whose codes they are. */
export function guessChecks(settings: LimitSettings, addressKey: string | undefined): LimitCheck[] {
  if (!addressKey) return [];
  return [{ name: "address_checks", key: `address-checks:${addressKey}`, windows: settings.addressChecks }];
}

/** The refusal of a limit that lets the next one through at `retryAt`. */
export function tooMany(retryAt: number, now: number): Result<never, "too_many_requests"> {
  return refuse("too_many_requests", { retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)) });
}

/** Everything that one message to this phone was counted under; what a rebuild after a lost store puts back. */
export function messageKeys(tag: string, bucket: Bucket, converted: boolean): string[] {
  const keys = [LIMIT_KEYS.phone(tag), LIMIT_KEYS.side(tag, bucket)];
  return converted ? keys : [...keys, LIMIT_KEYS.unconverted(tag, bucket)];
}

function splitWindows(windows: readonly Window[]): [shorter: Window[], longest: Window[]] {
  const longestMs = Math.max(0, ...windows.map((window) => window.windowMs));
  return [
    windows.filter((window) => window.windowMs < longestMs),
    windows.filter((window) => window.windowMs === longestMs),
  ];
}

function strangersShare({ max, windowMs }: Window): Window {
  return { max: Math.max(1, Math.floor(max * STRANGERS_SHARE)), windowMs };
}

function refusalWindow({ max, windowMs }: Window): Window {
  return { max: max * ADDRESS_REFUSAL_FACTOR, windowMs };
}
