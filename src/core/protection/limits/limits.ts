import type { ApiKey } from "../../backend/ports.ts";
import { type Result, refuse } from "../../refusals.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../time.ts";
import type { Standing } from "../challenges.ts";
import type { Learned } from "../guard/learned.ts";
import type { Traffic } from "../traffic.ts";
import type { Bucket, Limit, Window } from "./ports.ts";

/** What is set; or `learned`: three times as many an hour as were approved in the busiest hour of the last 14 days. */
export type LearnedWindows = readonly Window[] | "learned";

/** An empty list of windows lifts its limit. */
export interface LimitSettings {
  /** `LIMIT_PHONE_SENDS`: messages to one phone. The longest window counts everybody together. */
  readonly phoneSends: readonly Window[];
  /** `LIMIT_ADDRESS_SENDS`: messages that strangers ask for from one client address. */
  readonly addressSends: readonly Window[];
  /** `LIMIT_DEVICE_SENDS`: messages asked for on one known device. */
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

/** Who calls, as far as limits are concerned. */
export interface LimitCaller {
  readonly phoneTag: string;
  readonly bucket: Bucket;
  /** Who holds the verification: for a known device, that device. */
  readonly holder?: string;
  readonly traffic: Traffic;
  readonly standing: Standing;
  /** Whether the guard's allow-list names the number, its country or the client's network. */
  readonly isTrusted: boolean;
  /** The backend that asks with an API key; none of its windows is longer than `LONGEST_BACKEND_MS`. */
  readonly backend?: Pick<ApiKey, "client" | "sends" | "spend">;
}

/** A caller who is asked for no challenge and is on no allow-list: for notices, and for messages on record. */
export function exemptCaller(of: Pick<LimitCaller, "phoneTag" | "bucket" | "traffic">): LimitCaller {
  return { ...of, standing: { name: "exempt" }, isTrusted: false };
}

/** No window of a backend is longer: a rebuild reads at least so much of the record of messages. Milliseconds. */
export const LONGEST_BACKEND_MS = DAY_MS;
/** The part of a phone's longest window that strangers may use up unconverted; the rest is kept for known devices. */
const STRANGERS_SHARE = 0.6;
/**
 * Strangers are challenged at the count and refused at ten times it. A campus behind one address gets through by solving
 * challenges, a flood from it does not; nor can a flood use up what all share, since challenges stop it long before.
 */
const REFUSAL_FACTOR = 10;
/** The least that is learned, messages an hour. */
const LEAST_LEARNED = 300;
/** Keeps events for a day and refuses nobody. */
const UNBOUND_DAY = { max: Number.MAX_SAFE_INTEGER, windowMs: LONGEST_BACKEND_MS };
const RUNNING_REQUEST_MS = MINUTE_MS;

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
  /** What is counted under; a caller without such a key is not counted. */
  readonly key: (caller: LimitCaller) => string | undefined;
  /** The windows; a limit with `challenges` refuses at ten times these. */
  readonly windows: (settings: LimitSettings, learned: Learned, caller: LimitCaller) => readonly Window[];
  readonly backoff?: (settings: LimitSettings) => Limit["backoff"];
  /** Whether strangers who have not solved a challenge are asked for one at `windows`. */
  readonly challenges?: true;
  /** Whether other phones count on the same key, and not by the same caller alone. */
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
    windows: ({ phoneSends }) => longestOf(phoneSends).map(strangersShare),
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
    // All keys of a backend count together, and another key may have a longer window: keep what it will look back at.
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

/** A limit on a send; where `asksCaptcha`, its refusal is answered with a challenge. */
export interface SendLimit extends Limit {
  readonly asksCaptcha?: boolean | undefined;
  /** Whether the traffic of others counts here, too: when it is free again is not told exactly. */
  readonly isShared?: boolean | undefined;
  /** The windows for a send that its network's share pays for; without any, such a send is not counted here. */
  readonly inShare?: Limit["windows"] | undefined;
}

/** Sets every property: a take reads some twenty limits, and objects of one shape are read many times faster. */
export function sendLimit(
  name: string,
  key: string,
  windows: Limit["windows"],
  more: Omit<SendLimit, "name" | "key" | "windows">,
): SendLimit {
  const { backoff, amount, advisory, part, asksCaptcha, isShared, inShare } = more;
  // Of others' traffic nobody is told while a limit of their own refuses them; a challenge is solved, not waited for.
  const untold = asksCaptcha || isShared;
  return { name, key, windows, backoff, amount, advisory, untold, part, asksCaptcha, isShared, inShare };
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

/** How far back any limit looks, milliseconds; a day at least, which is as far as the guard, budgets and backends look. */
export function longestWindowMs(settings: Omit<LimitSettings, "resendMs">): number {
  const windows = Object.values(settings).flatMap((each) => (each === "learned" ? [] : each));
  return Math.max(DAY_MS, ...windows.map(({ windowMs }) => windowMs));
}

/** Refuses a second request with this idempotency key while the first one runs. */
export function runningRequest(key: string): SendLimit {
  return sendLimit("idempotency", `idempotency:${key}`, [{ max: 1, windowMs: RUNNING_REQUEST_MS }], {});
}

/** The limit on guesses from one address; independent of whose codes they are. */
export function guessLimits(settings: LimitSettings, addressTag: string): Limit[] {
  return [{ name: "address_checks", key: `address-checks:${addressTag}`, windows: settings.addressChecks }];
}

/** The limit on guesses of a phone's known devices, for when their address has none left. */
export function knownGuessLimits(settings: LimitSettings, phoneTag: string): Limit[] {
  return [{ name: "device_checks", key: `device-checks:${phoneTag}`, windows: settings.addressChecks }];
}

/** The limit on solutions of challenges that somebody else judges for us. */
export function solutionLimits(settings: LimitSettings, addressTag: string | undefined): Limit[] {
  if (!addressTag) return [];
  return [
    { name: "address_solutions", key: `address-solutions:${addressTag}`, windows: settings.addressChecks },
  ];
}

/** The refusal of a limit that lets the next one through at `retryAt`. */
export function tooMany(retryAt: number, now: number): Result<never, "too_many_requests"> {
  return refuse("too_many_requests", { retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)) });
}

/** The keys that every message to a phone is counted under, for a rebuild after a store was lost. */
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

function strangersShare({ max, windowMs }: Window): Window {
  return { max: Math.max(1, Math.floor(max * STRANGERS_SHARE)), windowMs };
}

function refusalWindow({ max, windowMs }: Window): Window {
  return { max: max * REFUSAL_FACTOR, windowMs };
}
