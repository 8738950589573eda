import { DAY_MS } from "../time.ts";
import type { WrongGuess } from "./ports.ts";

/** How far back wrong guesses count, and how many a phone has (security reference, part 4). */
const LEDGER_WINDOW_MS = 30 * DAY_MS;
/** How long the guesses that an unlock gives are there to be used. */
const UNLOCK_MS = DAY_MS;
/**
 * How far back the ledger is read: whether a guess of the last day met a spent ledger shows in the window before it, and
 * whether one of those came of an unlock in the day before that.
 */
export const LEDGER_READ_MS = LEDGER_WINDOW_MS + DAY_MS + UNLOCK_MS;
const LEDGER_BUDGET = 9;
/** After that, longer codes: 9 guesses a day at 8 digits; where only 6 can be carried, one a day. */
const FALLBACK_LENGTH = 8;
const FALLBACK_BUDGET = 9;
const FALLBACK_BUDGET_SHORT = 1;

/** What an unlock gives. */
export const UNLOCK_GUESSES = 3;

/** What a start may be granted. */
export interface Allowance {
  readonly codeLength: number;
  /** How many guesses may be open on this phone's live verifications together; 0 or less is none. */
  readonly cap: number;
  /** Whether a stranger has to solve a challenge first, where one can be solved. */
  readonly asksCaptcha: boolean;
  /** When a guess becomes free again if none is made until then; `now` where one is free. Epoch milliseconds. */
  readonly freeAt: number;
}

export interface CodeLengths {
  /** `CODE_LENGTH`. */
  readonly usual: number;
  /** The most that every sender of the route carries. */
  readonly most: number;
}

/**
 * Judges a phone's ledger. Spent means no lock but longer codes and fewer guesses: nobody can lock a person out by
 * guessing wrong on purpose, and where 8 digits can be carried the yearly chance of guessing right stays under 1.5e-4
 * (T3, T8). Where they cannot, the one guess a day is behind a challenge besides.
 *
 * What an unlock gives comes on top, at the usual length, to be used within a day: exactly as many guesses as it says.
 *
 * @param ledger what stands in the ledger of `LEDGER_READ_MS`, oldest first
 */
export function allowance(ledger: readonly WrongGuess[], lengths: CodeLengths, now: number): Allowance {
  const { wrong, unlocked } = withoutUnlocked(ledger, lengths, now);
  const own = ownAllowance(wrong, lengths, now);
  if (unlocked === 0) return own;
  const cap = own.codeLength === lengths.usual ? Math.max(0, own.cap) : 0;
  return { codeLength: lengths.usual, cap: cap + unlocked, asksCaptcha: own.asksCaptcha, freeAt: now };
}

/** How many wrong guesses of the window count, and whether they have spent the ledger. */
export function spentOf(
  ledger: readonly WrongGuess[],
  lengths: CodeLengths,
  now: number,
): { readonly wrong: number; readonly isSpent: boolean; readonly unlocked: number } {
  const { wrong, unlocked } = withoutUnlocked(ledger, lengths, now);
  const counted = wrong.filter(({ at, codeLength }) => isCounted(codeLength, lengths) && isRecent(at, now));
  return { wrong: counted.length, isSpent: counted.length >= LEDGER_BUDGET, unlocked };
}

function isCounted(codeLength: number, { usual }: CodeLengths): boolean {
  return codeLength <= usual;
}

function isRecent(at: number, now: number): boolean {
  return at > now - LEDGER_WINDOW_MS;
}

/** What a phone may have without any unlock. */
function ownAllowance(wrong: readonly WrongGuess[], lengths: CodeLengths, now: number): Allowance {
  const usual = wrong.filter((guess) => isCounted(guess.codeLength, lengths));
  const counted = usual.filter(({ at }) => isRecent(at, now));
  if (counted.length < LEDGER_BUDGET) {
    const cap = LEDGER_BUDGET - counted.length;
    return { codeLength: lengths.usual, cap, asksCaptcha: false, freeAt: now };
  }
  const codeLength = Math.max(lengths.usual, Math.min(FALLBACK_LENGTH, lengths.most));
  const longer = wrong.filter((guess) => guess.codeLength > lengths.usual);
  const beyond = codeLength > lengths.usual ? longer : usual.filter(metSpentLedger).filter(isGuess);
  const { cap, freeAt } = fallback(beyond, codeLength, now);
  const refilledAt = (counted.at(-LEDGER_BUDGET)?.at ?? now) + LEDGER_WINDOW_MS;
  // Where codes stay short, a guess a day costs whoever guesses for thousands of phones a challenge each.
  const asksCaptcha = codeLength < FALLBACK_LENGTH;
  return { codeLength, cap, asksCaptcha, freeAt: Math.min(freeAt, refilledAt) };
}

/** The length of what stands in the ledger without having been a guess. */
const NO_GUESS = 0;

/**
 * What makes the ledger of every phone spent for its whole window: a backup that was played back no longer knows the
 * wrong guesses that came after it, so the most that there can have been is taken for granted (promise 2).
 */
export function spentLedger(at: number): readonly WrongGuess[] {
  return Array.from({ length: LEDGER_BUDGET }, () => ({ at, codeLength: NO_GUESS }));
}

/** The length of an unlock, which stands in the ledger at the time from which it gives guesses. */
const UNLOCK = -1;

/** What an unlock at this time puts into the ledger. A version that knows none counts it as one more wrong guess. */
export function unlockMark(at: number): WrongGuess {
  return { at, codeLength: UNLOCK };
}

export function isUnlock({ codeLength }: WrongGuess): boolean {
  return codeLength === UNLOCK;
}

/**
 * The ledger without its unlocks and without the guesses that they gave, and how many of those are left. The first
 * guesses after an unlock use it up. A played-back backup may have lost some that did: it voids what was unlocked before.
 */
function withoutUnlocked(ledger: readonly WrongGuess[], lengths: CodeLengths, now: number) {
  const wrong: WrongGuess[] = [];
  let ends: readonly number[] = [];
  for (const entry of ledger) {
    ends = ends.filter((end) => end > entry.at);
    if (isUnlock(entry)) ends = [...ends, ...new Array<number>(UNLOCK_GUESSES).fill(entry.at + UNLOCK_MS)];
    else if (isGuess(entry) && isCounted(entry.codeLength, lengths) && ends.length > 0) ends = ends.slice(1);
    else wrong.push(entry);
    if (!isUnlock(entry) && !isGuess(entry)) ends = [];
  }
  return { wrong, unlocked: ends.filter((end) => end > now).length };
}

const UNLOCK_LIMITS = [
  { max: 1, windowMs: DAY_MS },
  { max: 3, windowMs: LEDGER_WINDOW_MS },
];

/**
 * When a phone may be unlocked again after these unlocks; not after `now` where it may. Once a day, and three times in
 * 30 days: as many guesses as the ledger has itself, whoever talks support into it.
 *
 * @param earlier epoch milliseconds, oldest first
 */
export function unlockableAt(earlier: readonly number[], now: number): number {
  const frees = UNLOCK_LIMITS.map(({ max, windowMs }) => (earlier.at(-max) ?? now - windowMs) + windowMs);
  return Math.max(...frees);
}

/** What only stands for guesses uses up none of what there is beyond them: nobody is locked out for a day. */
function isGuess({ codeLength }: WrongGuess): boolean {
  return codeLength !== NO_GUESS;
}

/** Whether a guess was made when the window before it held a whole budget already. */
function metSpentLedger({ at }: WrongGuess, index: number, guesses: readonly WrongGuess[]): boolean {
  const first = guesses[index - LEDGER_BUDGET];
  return first !== undefined && first.at > at - LEDGER_WINDOW_MS;
}

/** @param beyond the wrong guesses that were made while the ledger was spent */
function fallback(beyond: readonly WrongGuess[], codeLength: number, now: number) {
  const budget = codeLength >= FALLBACK_LENGTH ? FALLBACK_BUDGET : FALLBACK_BUDGET_SHORT;
  const today = beyond.filter(({ at }) => at > now - DAY_MS);
  const blocking = today.at(-budget);
  return { cap: budget - today.length, freeAt: blocking ? blocking.at + DAY_MS : now };
}
