import fc from "fast-check";
import {
  allowance,
  type CodeLengths,
  LEDGER_READ_MS,
  unlockMark,
} from "../../../../src/core/protection/budgets/ledger.ts";
import type { WrongGuess } from "../../../../src/core/protection/budgets/ports.ts";
import { MINUTE } from "../../times.ts";

export const NOW = 1_800_000_000_000;
export const CARRIES_8: CodeLengths = { usual: 6, most: 8 };
export const CARRIES_6: CodeLengths = { usual: 6, most: 6 };

/** Guesses at these ages, oldest first. */
export const guesses = (codeLength: number, ...agesMs: number[]): WrongGuess[] =>
  agesMs.map((age) => ({ at: NOW - age, codeLength }));

/** `count` guesses, a minute apart, the last one `agoMs` ago. */
export const row = (count: number, agoMs: number, codeLength = 6): WrongGuess[] =>
  guesses(codeLength, ...Array.from({ length: count }, (_, n) => agoMs + (count - 1 - n) * MINUTE));

/** What the rules read at `now` of all that was ever guessed. */
export const judge = (all: readonly WrongGuess[], lengths: CodeLengths, now: number) =>
  allowance(
    all.filter(({ at }) => at > now - LEDGER_READ_MS && at <= now),
    lengths,
    now,
  );

const anyGuess = fc.record({
  at: fc.integer({ min: 0, max: LEDGER_READ_MS - 1 }).map((age) => NOW - age),
  // Guesses, and now and then an unlock or an entry that a restored backup adds.
  codeLength: fc.constantFrom(6, 6, 6, 6, 8, 8, unlockMark(0).codeLength, 0),
});

export const anyLedger = fc
  .array(anyGuess, { maxLength: 40, size: "max" })
  .map((all) => all.sort((left, right) => left.at - right.at));
export const anyLengths = fc.constantFrom(CARRIES_8, CARRIES_6, { usual: 6, most: 7 }, { usual: 8, most: 8 });

/** The most guesses that lie in any window of this length. */
export function mostIn(windowMs: number, guesses: readonly WrongGuess[]): number {
  const inside = guesses.map(
    ({ at: end }) => guesses.filter(({ at }) => at > end - windowMs && at <= end).length,
  );
  return Math.max(0, ...inside);
}

/** A wrong guess at six digits. */
export const isShort = ({ codeLength }: Pick<WrongGuess, "codeLength">) => codeLength === 6;
