import { HOUR_MS } from "../../time.ts";
import type { Learned } from "../guard/learned.ts";
import type { Bucket, Limit, Window } from "./ports.ts";
import { type LimitCaller, type SendLimit, sendLimit } from "./send-limit.ts";
import { type LearnedWindows, type LimitSettings, LONGEST_BACKEND_MS } from "./settings.ts";

/**
 * The part of a phone's longest window that strangers' unconverted messages may use up; the rest is kept for known
 * devices.
 */
const STRANGERS_PART = 0.6;
/**
 * Strangers are challenged at the count and refused at ten times the count. A campus behind one address gets through by
 * solving challenges; a flood from it does not. Nor can a flood use up what all share, since challenges stop it long
 * before.
 */
const REFUSAL_FACTOR = 10;
/** The least that is learned, messages an hour. */
const LEAST_LEARNED = 300;
/** Keeps events for a day and refuses nobody. */
const UNBOUND_DAY = { max: Number.MAX_SAFE_INTEGER, windowMs: LONGEST_BACKEND_MS };

/** The keys under which one phone is counted. */
export const LIMIT_KEYS = {
  phone: (tag: string) => `sends:${tag}`,
  side: (tag: string, bucket: Bucket) => `sends:${bucket}:${tag}`,
  unconverted: (tag: string, bucket: Bucket) => `unconverted:${bucket}:${tag}`,
  guesses: (tag: string, bucket: Bucket) => `guesses:${bucket}:${tag}`,
} as const;

/** One line of the table of limits on sending a message. */
interface LimitLine {
  readonly name: string;
  readonly binds: "everybody" | "strangers";
  /** The key to count under. A caller without one is not counted. */
  readonly key: (caller: LimitCaller) => string | undefined;
  /** The windows; a limit with `challenges` refuses at ten times these. */
  readonly windows: (settings: LimitSettings, learned: Learned, caller: LimitCaller) => readonly Window[];
  readonly backoff?: (settings: LimitSettings) => Limit["backoff"];
  /** Whether strangers who have not solved a challenge are asked for one at `windows`. */
  readonly challenges?: true;
  /** Whether other phones count on the same key, and not only those of the same caller. */
  readonly isShared?: true;
}

const unconverted = ({ phoneTag, bucket }: LimitCaller) => LIMIT_KEYS.unconverted(phoneTag, bucket);

/** The limits on sending one message, in the order in which they are looked at. */
const SEND_LIMITS: readonly LimitLine[] = [
  {
    // Messages to the phone that no sign-in came of, strangers and known devices apart: 30 s, doubling.
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
    windows: ({ phoneSends }) => longestOf(phoneSends).map(strangersPart),
  },
  {
    // Messages to the phone, strangers and known devices apart.
    name: "phone_side",
    binds: "everybody",
    key: ({ phoneTag, bucket }) => LIMIT_KEYS.side(phoneTag, bucket),
    windows: ({ phoneSends }) => shorterOf(phoneSends),
  },
  {
    // Messages to the phone, strangers and known devices together.
    name: "phone",
    binds: "everybody",
    key: ({ phoneTag }) => LIMIT_KEYS.phone(phoneTag),
    windows: ({ phoneSends }) => longestOf(phoneSends),
  },
  {
    // Messages asked for from one address.
    name: "address",
    binds: "strangers",
    key: ({ traffic }) => traffic.addressTag && `address-sends:${traffic.addressTag}`,
    windows: ({ addressSends }) => addressSends,
    challenges: true,
  },
  {
    // Messages asked for on one known device.
    name: "device",
    binds: "everybody",
    key: ({ bucket, holder }) => (bucket === "device" && holder ? `device-sends:${holder}` : undefined),
    windows: ({ deviceSends }) => deviceSends,
  },
  {
    // Messages to strangers of one range of ten thousand numbers.
    name: "prefix",
    binds: "strangers",
    key: ({ traffic }) => `prefix-sends:${traffic.prefixTag}`,
    windows: ({ prefixSends }) => prefixSends,
    challenges: true,
    isShared: true,
  },
  {
    // Messages to strangers of one country.
    name: "country",
    binds: "strangers",
    key: ({ traffic }) => `country-sends:${traffic.country}`,
    windows: ({ countrySends }, learned, { traffic }) =>
      learnedWindows(countrySends, learned(peakSubject(traffic.country))),
    challenges: true,
    isShared: true,
  },
  {
    // Messages to all strangers.
    name: "total",
    binds: "strangers",
    key: () => "total-sends",
    windows: ({ totalSends }, learned) => learnedWindows(totalSends, learned(peakSubject())),
    challenges: true,
    isShared: true,
  },
  {
    // Messages that a backend asks for, all of its keys together.
    name: "backend",
    binds: "everybody",
    key: ({ backend }) => backend && `backend-sends:${backend.client}`,
    // All keys of a backend count together, and another key may have a longer window. So events are kept as long as
    // that looks.
    windows: (_settings, _learned, { backend }) => [...(backend?.sends ?? []), UNBOUND_DAY],
  },
];

/** The name under which the busiest hour of a country, or of everything, is learned. */
export function peakSubject(country?: string): string {
  return country === undefined ? "peak-hour" : `peak-hour:${country}`;
}

function learnedWindows(set: LearnedWindows, peak = 0): readonly Window[] {
  if (set !== "learned") return set;
  return [{ max: Math.max(LEAST_LEARNED, Math.ceil(3 * peak)), windowMs: HOUR_MS }];
}

/** The limits of the table on one message of this caller. */
export function tableLimits(settings: LimitSettings, caller: LimitCaller, learned: Learned): SendLimit[] {
  const limits: SendLimit[] = [];
  for (const line of SEND_LIMITS) {
    const key = line.binds === "everybody" || caller.bucket === "stranger" ? line.key(caller) : undefined;
    if (key) limits.push(limitOf(line, key, settings, caller, learned));
  }
  return limits;
}

function limitOf(
  line: LimitLine,
  key: string,
  settings: LimitSettings,
  caller: LimitCaller,
  learned: Learned,
): SendLimit {
  const { name, challenges, isShared } = line;
  const backoff = line.backoff?.(settings);
  const windows = line.windows(settings, learned, caller);
  const asksCaptcha = challenges && caller.standing.name === "unsolved";
  const refuses = challenges && !asksCaptcha ? windows.map(refusalWindow) : windows;
  return sendLimit(name, key, refuses, { backoff, asksCaptcha, isShared });
}

/** The keys under which a message counts for its phone. Once its code was entered, it is no longer unconverted. */
export function messageKeys(tag: string, bucket: Bucket, converted: boolean): string[] {
  const keys = [LIMIT_KEYS.phone(tag), LIMIT_KEYS.side(tag, bucket)];
  return converted ? keys : [...keys, LIMIT_KEYS.unconverted(tag, bucket)];
}

function longestOf(windows: readonly Window[]): readonly Window[] {
  const longestMs = longestMsOf(windows);
  return windows.filter(({ windowMs }) => windowMs === longestMs);
}

function shorterOf(windows: readonly Window[]): readonly Window[] {
  const longestMs = longestMsOf(windows);
  return windows.filter(({ windowMs }) => windowMs < longestMs);
}

function longestMsOf(windows: readonly Window[]): number {
  return windows.reduce((longest, { windowMs }) => Math.max(longest, windowMs), 0);
}

function strangersPart({ max, windowMs }: Window): Window {
  return { max: Math.max(1, Math.floor(max * STRANGERS_PART)), windowMs };
}

function refusalWindow({ max, windowMs }: Window): Window {
  return { max: max * REFUSAL_FACTOR, windowMs };
}
