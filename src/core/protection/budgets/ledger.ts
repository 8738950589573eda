import { DAY_MS } from "../../time.ts";
import type { WrongGuess } from "./ports.ts";

/** How many wrong guesses a phone has in this window. `docs/protection.md` says what that leaves to chance. */
const LEDGER_BUDGET = 9;
const LEDGER_WINDOW_MS = 30 * DAY_MS;
/** After that, codes are longer: 9 guesses a day at 8 digits, or one a day if the senders carry only 6. */
const FALLBACK_LENGTH = 8;
const FALLBACK_BUDGET = 9;
const FALLBACK_BUDGET_SHORT = 1;

/** How many guesses an unlock gives, and how long they may be used. */
export const UNLOCK_GUESSES = 3;
const UNLOCK_MS = DAY_MS;

/**
 * How far back the ledger is read, milliseconds. Three windows add up. The window before a guess of the last day shows
 * whether the ledger was spent when it was made. The day before a guess of that window shows whether an unlock gave it.
 */
export const LEDGER_READ_MS = LEDGER_WINDOW_MS + DAY_MS + UNLOCK_MS;

/** What a start may be granted. */
export interface Allowance {
  readonly codeLength: number;
  /** How many guesses may be open on this phone's live verifications together; 0 or less is none. */
  readonly cap: number;
  /** Whether a stranger has to solve a challenge first, if one can be solved. */
  readonly asksCaptcha: boolean;
  /** When the next guess becomes free if none is made until then; `now` if one is free. Epoch milliseconds. */
  readonly freeAt: number;
}

export interface CodeLengths {
  /** `CODE_LENGTH`. */
  readonly usual: number;
  /** The most that every sender of the route carries. */
  readonly most: number;
}

/**
 * Judges a phone's ledger. A spent ledger is no lock: codes become longer and guesses fewer. So nobody can lock a
 * person out by guessing wrong on purpose, and with 8 digits the yearly chance of guessing right stays under 1.5e-4
 * (T3, T8). If the senders cannot carry 8 digits, the one guess a day also takes a challenge.
 *
 * An unlock gives guesses on top, at the usual length, to be used within a day: exactly as many as it says.
 *
 * @param ledger the ledger's entries of `LEDGER_READ_MS`, oldest first
 */
export function allowance(ledger: readonly WrongGuess[], lengths: CodeLengths, now: number): Allowance {
  const { wrong, unlocked } = withoutUnlocked(ledger, lengths, now);
  const own = ownAllowance(wrong, lengths, now);
  if (unlocked === 0) return own;
  const cap = own.codeLength === lengths.usual ? Math.max(0, own.cap) : 0;
  return { codeLength: lengths.usual, cap: cap + unlocked, asksCaptcha: own.asksCaptcha, freeAt: now };
}

/** How many wrong guesses of the window count, whether they have spent the ledger, and how many an unlock has left. */
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
  // Marks use up none of the daily guesses, so nobody is locked out.
  const beyond = codeLength > lengths.usual ? longer : usual.filter(metSpentLedger).filter(isGuess);
  const { cap, freeAt } = fallback(beyond, codeLength, now);
  const refilledAt = (counted.at(-LEDGER_BUDGET)?.at ?? now) + LEDGER_WINDOW_MS;
  // If codes stay short, the one guess a day takes a challenge: guessing for thousands of phones costs a challenge for
  // each.
  const asksCaptcha = codeLength < FALLBACK_LENGTH;
  return { codeLength, cap, asksCaptcha, freeAt: Math.min(freeAt, refilledAt) };
}

/** The `codeLength` of marks that count as wrong guesses although nobody made these guesses. */
const NO_GUESS = 0;

/**
 * Marks that make a ledger spent for its whole window. A restored backup gets them for every phone. The wrong guesses
 * since the backup are lost, so the most that can have been made are assumed (promise 2).
 */
export function spentLedger(at: number): readonly WrongGuess[] {
  return Array.from({ length: LEDGER_BUDGET }, () => ({ at, codeLength: NO_GUESS }));
}

/** The `codeLength` of the mark of an unlock. The mark stands at the time from which the unlock gives guesses. */
const UNLOCK = -1;

/** The mark of an unlock at this time. Versions without unlocks count it as one more wrong guess. */
export function unlockMark(at: number): WrongGuess {
  return { at, codeLength: UNLOCK };
}

export function isUnlock({ codeLength }: WrongGuess): boolean {
  return codeLength === UNLOCK;
}

/**
 * Takes unlocks, and the guesses that they gave, out of the ledger. Tells how many guesses the unlocks have left. The
 * first guesses after an unlock are the ones that it gave. The marks of `spentLedger` void the unlocks before them: a
 * restored backup may have lost guesses that used them up.
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
 * When a phone may be unlocked again after these unlocks; not after `now` if it may already. Once a day and three times
 * in 30 days. That gives as many guesses as the ledger has itself, however often somebody talks support into it.
 *
 * @param earlier epoch milliseconds, oldest first
 */
export function unlockableAt(earlier: readonly number[], now: number): number {
  const frees = UNLOCK_LIMITS.map(({ max, windowMs }) => (earlier.at(-max) ?? now - windowMs) + windowMs);
  return Math.max(...frees);
}

/** Whether an entry is a guess that was made, rather than a mark. */
function isGuess({ codeLength }: WrongGuess): boolean {
  return codeLength > NO_GUESS;
}

/** Whether the ledger was spent when this guess was made: the window before it held a whole budget. */
function metSpentLedger({ at }: WrongGuess, index: number, guesses: readonly WrongGuess[]): boolean {
  const first = guesses[index - LEDGER_BUDGET];
  return first !== undefined && first.at > at - LEDGER_WINDOW_MS;
}

/**
 * How many guesses a spent ledger grants today, and when the next one becomes free.
 *
 * @param beyond the wrong guesses that were made while the ledger was spent
 */
function fallback(beyond: readonly WrongGuess[], codeLength: number, now: number) {
  const budget = codeLength >= FALLBACK_LENGTH ? FALLBACK_BUDGET : FALLBACK_BUDGET_SHORT;
  const today = beyond.filter(({ at }) => at > now - DAY_MS);
  const blocking = today.at(-budget);
  return { cap: budget - today.length, freeAt: blocking ? blocking.at + DAY_MS : now };
}
