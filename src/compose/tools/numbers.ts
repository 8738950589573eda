import { createConsoleSender } from "../../adapters/console/sender.ts";
import { createMemoryLimitStore } from "../../adapters/memory/limits.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import type { Config } from "../../config.ts";
import type { RecordedMessage } from "../../core/delivery/receipt-ports.ts";
import { maskPhone, type Phone, parsePhone } from "../../core/phone.ts";
import {
  allowance,
  type CodeLengths,
  LEDGER_READ_MS,
  spentOf,
} from "../../core/protection/budgets/ledger.ts";
import { type Unlocked, unlockPhone } from "../../core/protection/budgets/unlock.ts";
import { type NextSend, nextSend } from "../../core/protection/limits/next-send.ts";
import type { Bucket } from "../../core/protection/limits/ports.ts";
import { longestWindowMs } from "../../core/protection/limits/settings.ts";
import { codeLengthsFor, testNumberOf } from "../../core/verification/test-numbers.ts";
import { protectionSettings } from "../protection.ts";
import { isConsole, routeOf } from "../route.ts";
import { type Outcome, openRecords, outcomeOf, type Records } from "./records.ts";

/** The allowance of one side, strangers or known devices, for a phone. */
export interface Side {
  /** Wrong guesses of the last 30 days. */
  readonly wrongGuesses: number;
  readonly isSpent: boolean;
  /** Guesses of an unlock that are left. */
  readonly unlocked: number;
  /**
   * How many guesses the next code can have at most, its length, and, if there is no code now, when there can be one.
   */
  readonly guesses: { readonly atMost: number; readonly codeLength: number; readonly from: number };
  readonly nextMessage: NextSend;
}

/** The state of a number, for support. It contains neither a code nor the number itself. */
export interface NumberState {
  /** Masked. */
  readonly phone: string;
  readonly strangers: Side;
  readonly devices: Side;
  /** The sender that is tried first accepts nothing for this number before this time. */
  readonly heldUntil?: number;
  readonly isOptedOut: boolean;
  /** The end of its time as a test number. */
  readonly testUntil?: number;
  /** How many recorded messages had each outcome; at most the last 500 are counted. */
  readonly messages: Readonly<Partial<Record<Outcome, number>>>;
  readonly lastMessageAt?: number;
  readonly unlocks: readonly { readonly at: number; readonly reason: string }[];
}

/** What `phonekey numbers` works with. */
export interface NumberTools {
  show(phone: Phone): Promise<NumberState>;
  unlock(phone: Phone, reason: string): Promise<Unlocked>;
  close(): Promise<void>;
}

const MOST_MESSAGES = 500;
const MOST_UNLOCKS = 10;

/** Reads a number as a person writes it, of any country; undefined if it is no number. */
export function numberOf({ phone }: Config, written: string): Phone | undefined {
  const parsed = parsePhone(written, { ...phone, allowedCountries: "all" });
  return parsed.ok ? parsed.value : undefined;
}

/** Opens the database for support; servers may run beside it. Rejects if it is not up to date. */
export async function numberTools(config: Config): Promise<NumberTools> {
  const { stores, vault, clock, random, close } = await openRecords(config);
  const lengthsOf = (phone: Phone) => lengthsFor(config, phone, clock.now());
  return {
    show: (phone) => stateOf({ config, stores, vault }, phone, clock.now()),
    unlock: (phone, reason) =>
      unlockPhone({ ...stores, vault, clock, random, codeLengths: lengthsOf(phone) }, phone, reason),
    close,
  };
}

interface StateDeps extends Pick<Records, "stores" | "vault"> {
  readonly config: Config;
}

async function stateOf(
  { config, stores, vault }: StateDeps,
  phone: Phone,
  now: number,
): Promise<NumberState> {
  const tags = await vault.tags(phone);
  const phoneTag = await vault.tag(phone);
  const messages = await stores.receipts.messagesTo(tags, MOST_MESSAGES);
  const unlocks = await stores.unlocks.of(tags, MOST_UNLOCKS);
  const heldUntil = await holdOf({ config, stores }, { phone, phoneTag }, now);
  const testNumber = testNumberOf(config.testNumbers, { phone, purpose: "sign_in" }, now);
  const side = (bucket: Bucket) =>
    sideOf({ config, stores }, { phone, phoneTag, tags, messages, bucket }, now);
  return {
    phone: maskPhone(phone),
    strangers: await side("stranger"),
    devices: await side("device"),
    ...(heldUntil !== undefined && { heldUntil }),
    isOptedOut: await stores.replies.isOptedOut(tags),
    ...(testNumber && { testUntil: testNumber.until }),
    messages: countOutcomes(messages),
    ...(messages[0] && { lastMessageAt: messages[0].createdAt }),
    unlocks: await Promise.all(
      unlocks.map(async ({ id, at, sealedReason }) => ({
        at,
        reason: await vault.openText(sealedReason, id),
      })),
    ),
  };
}

/** The hold that a start would meet: that of the sender by which its code is tried first. */
async function holdOf(
  { config, stores }: Pick<StateDeps, "config" | "stores">,
  { phone: to, phoneTag }: Pick<SideAsked, "phone" | "phoneTag">,
  now: number,
): Promise<number | undefined> {
  const code = { to, purpose: "sign_in", locale: config.pages.defaultLocale } as const;
  const first = sendersOf(config).find(({ carries }) => carries?.(code) ?? true);
  return first?.holdsNumbers && (await stores.messages.heldUntil(phoneTag, first.name, now));
}

interface SideAsked {
  readonly phone: Phone;
  readonly phoneTag: string;
  readonly tags: readonly string[];
  readonly messages: readonly RecordedMessage[];
  readonly bucket: Bucket;
}

async function sideOf(
  { config, stores }: Pick<StateDeps, "config" | "stores">,
  { phone, tags, ...asked }: SideAsked,
  now: number,
): Promise<Side> {
  const lengths = lengthsFor(config, phone, now);
  const ledger = await stores.ledger.read(tags, asked.bucket, now - LEDGER_READ_MS);
  const { wrong, isSpent, unlocked } = spentOf(ledger, lengths, now);
  const { cap, codeLength, freeAt } = allowance(ledger, lengths, now);
  const { limits } = protectionSettings(config, sendersOf(config));
  const since = now - longestWindowMs(limits);
  const messages = asked.messages.filter(({ createdAt }) => createdAt > since);
  return {
    wrongGuesses: wrong,
    isSpent,
    unlocked,
    guesses: { atMost: Math.max(0, cap), codeLength, from: freeAt },
    nextMessage: await nextSend(createMemoryLimitStore(), limits, { ...asked, messages }, now),
  };
}

function lengthsFor(config: Config, phone: Phone, now: number): CodeLengths {
  const usual = config.verification.codeLength;
  const most = Math.min(...sendersOf(config).map(({ maxCodeLength }) => maxCodeLength));
  const testNumber = testNumberOf(config.testNumbers, { phone, purpose: "sign_in" }, now);
  return codeLengthsFor({ usual, most }, testNumber);
}

function sendersOf(config: Config) {
  return isConsole(config) ? [createConsoleSender({ clock: systemClock })] : routeOf(config);
}

function countOutcomes(messages: readonly RecordedMessage[]): NumberState["messages"] {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const outcome of messages.map(outcomeOf)) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
