import type { WrongGuess } from "./ports.ts";

const DAY_MS = 86_400_000;

/** How far back wrong guesses count, and how many a phone has (security reference, part 4). */
export const LEDGER_WINDOW_MS = 30 * DAY_MS;
const LEDGER_BUDGET = 9;
/** After that, longer codes: 9 guesses a day at 8 digits; where only 6 can be carried, one a day. */
const FALLBACK_LENGTH = 8;
const FALLBACK_BUDGET = 9;
const FALLBACK_BUDGET_SHORT = 1;

/** What a start may be granted. */
export interface Allowance {
  readonly codeLength: number;
  /** How many guesses may be open on this phone's live verifications together; 0 or less is none. */
  readonly cap: number;
  /** When a guess becomes free again, where the cap is used up. */
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
 * guessing wrong on purpose, and the yearly chance of guessing right stays under 1.5e-4 (T3, T8).
 *
 * @param wrong all wrong guesses of the last 30 days, oldest first
 */
export function allowance(wrong: readonly WrongGuess[], lengths: CodeLengths, now: number): Allowance {
  const usual = wrong.filter((guess) => guess.codeLength <= lengths.usual);
  if (usual.length < LEDGER_BUDGET) {
    return { codeLength: lengths.usual, cap: LEDGER_BUDGET - usual.length, freeAt: now };
  }
  const codeLength = Math.max(lengths.usual, Math.min(FALLBACK_LENGTH, lengths.most));
  const longer = wrong.filter((guess) => guess.codeLength > lengths.usual);
  const beyond = codeLength > lengths.usual ? longer : usual.slice(LEDGER_BUDGET);
  return fallback(beyond, codeLength, now);
}

/** @param beyond the wrong guesses made since the ledger was spent */
function fallback(beyond: readonly WrongGuess[], codeLength: number, now: number): Allowance {
  const budget = codeLength >= FALLBACK_LENGTH ? FALLBACK_BUDGET : FALLBACK_BUDGET_SHORT;
  const today = beyond.filter((guess) => guess.at > now - DAY_MS);
  const blocking = today[today.length - budget];
  return { codeLength, cap: budget - today.length, freeAt: (blocking?.at ?? now) + DAY_MS };
}
