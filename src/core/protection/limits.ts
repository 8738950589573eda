import { type Result, refuse } from "../refusals.ts";
import type { Standing } from "./challenges.ts";
import type { Bucket, LimitCheck } from "./ports.ts";

/** At most `max` events in any window of this length. An empty list of windows lifts the limit. */
export interface Window {
  readonly max: number;
  readonly windowMs: number;
}

export interface LimitSettings {
  /** `LIMIT_PHONE_SENDS`: messages to one phone. The longest window counts everybody together. */
  readonly phoneSends: readonly Window[];
  /** `LIMIT_ADDRESS_SENDS`: messages that strangers ask for from one client address. */
  readonly addressSends: readonly Window[];
  /** `LIMIT_ADDRESS_CHECKS`: guesses, and as many solutions of challenges, from one client address. */
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
  readonly standing: Standing;
}

const HOUR_MS = 3_600_000;
/** What strangers may leave unconverted of a phone's longest window; the rest is kept for its known devices. */
const STRANGERS_SHARE = 0.6;
/** A campus behind one address can live; a flood from it cannot. */
const REFUSAL_FACTOR = 10;
const RUNNING_REQUEST_MS = 60_000;

export const LIMIT_KEYS = {
  phone: (tag: string) => `sends:${tag}`,
  side: (tag: string, bucket: Bucket) => `sends:${bucket}:${tag}`,
  unconverted: (tag: string, bucket: Bucket) => `unconverted:${bucket}:${tag}`,
  guesses: (tag: string, bucket: Bucket) => `guesses:${bucket}:${tag}`,
} as const;

/** One line of the table of limits on sending a message. */
interface SendLimit {
  readonly name: string;
  readonly binds: "everybody" | "strangers";
  /** What is counted under; a caller without such a key is not counted. */
  readonly key: (caller: LimitCaller) => string | undefined;
  /** The windows; a limit that `challenges` refuses at ten times these. */
  readonly windows: (settings: LimitSettings) => readonly Window[];
  readonly backoff?: (settings: LimitSettings) => LimitCheck["backoff"];
  /** Whether strangers who have not solved a challenge are asked for one at `windows`. */
  readonly challenges?: true;
}

const unconverted = ({ phoneTag, bucket }: LimitCaller) => LIMIT_KEYS.unconverted(phoneTag, bucket);

/** The limits on sending one message, in the order in which they are looked at. */
const SEND_LIMITS: readonly SendLimit[] = [
  {
    // Messages to the phone that no sign-in came of, each side for itself: 30 s, doubling.
    name: "resend",
    binds: "everybody",
    key: unconverted,
    windows: () => [],
    backoff: ({ resendMs }) => ({ baseMs: resendMs, windowMs: HOUR_MS }),
  },
  {
    // The same messages: what strangers may use of the phone's longest window.
    name: "strangers",
    binds: "strangers",
    key: unconverted,
    windows: ({ phoneSends }) => splitWindows(phoneSends).longest.map(strangersShare),
  },
  {
    // Messages to the phone, each side for itself.
    name: "phone_side",
    binds: "everybody",
    key: ({ phoneTag, bucket }) => LIMIT_KEYS.side(phoneTag, bucket),
    windows: ({ phoneSends }) => splitWindows(phoneSends).shorter,
  },
  {
    // Messages to the phone, both sides together.
    name: "phone",
    binds: "everybody",
    key: ({ phoneTag }) => LIMIT_KEYS.phone(phoneTag),
    windows: ({ phoneSends }) => splitWindows(phoneSends).longest,
  },
  {
    // Messages asked for from one address.
    name: "address",
    binds: "strangers",
    key: ({ addressKey }) => addressKey && `address-sends:${addressKey}`,
    windows: ({ addressSends }) => addressSends,
    challenges: true,
  },
];

/** A check on a send; where `asksCaptcha`, its refusal is answered with a challenge. */
export interface SendCheck extends LimitCheck {
  readonly asksCaptcha?: true;
}

/** What one message to this phone is counted against: running requests with its key, the table, and its solution. */
export function sendChecks(
  settings: LimitSettings,
  caller: LimitCaller,
  idempotencyKey?: string,
): SendCheck[] {
  return [
    ...(idempotencyKey ? [runningRequest(idempotencyKey)] : []),
    ...SEND_LIMITS.flatMap((limit) => checkOf(limit, settings, caller)),
    ...(caller.standing.name === "solved" ? caller.standing.checks : []),
  ];
}

function checkOf(limit: SendLimit, settings: LimitSettings, caller: LimitCaller): SendCheck[] {
  const { name, binds, challenges } = limit;
  const key = limit.key(caller);
  if (!key || (binds === "strangers" && caller.bucket !== "stranger")) return [];
  const backoff = limit.backoff?.(settings);
  const windows = limit.windows(settings);
  const check = { name, key, windows, ...(backoff && { backoff }) };
  if (!challenges) return [check];
  if (caller.standing.name === "unsolved") return [{ ...check, asksCaptcha: true }];
  return [{ ...check, windows: windows.map(refusalWindow) }];
}

function runningRequest(key: string): LimitCheck {
  return {
    name: "idempotency",
    key: `idempotency:${key}`,
    windows: [{ max: 1, windowMs: RUNNING_REQUEST_MS }],
  };
}

/** The limit on guesses from one address; independent of whose codes they are. */
export function guessChecks(settings: LimitSettings, addressKey: string | undefined): LimitCheck[] {
  if (!addressKey) return [];
  return [{ name: "address_checks", key: `address-checks:${addressKey}`, windows: settings.addressChecks }];
}

/** The limit on solutions of challenges that somebody else judges for us. */
export function solutionChecks(settings: LimitSettings, addressKey: string | undefined): LimitCheck[] {
  if (!addressKey) return [];
  return [
    { name: "address_solutions", key: `address-solutions:${addressKey}`, windows: settings.addressChecks },
  ];
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

function splitWindows(windows: readonly Window[]) {
  const longestMs = Math.max(0, ...windows.map((window) => window.windowMs));
  return {
    shorter: windows.filter((window) => window.windowMs < longestMs),
    longest: windows.filter((window) => window.windowMs === longestMs),
  };
}

function strangersShare({ max, windowMs }: Window): Window {
  return { max: Math.max(1, Math.floor(max * STRANGERS_SHARE)), windowMs };
}

function refusalWindow({ max, windowMs }: Window): Window {
  return { max: max * REFUSAL_FACTOR, windowMs };
}
