import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowance, type CodeLengths, spentLedger } from "../../../../src/core/protection/budgets/ledger.ts";
import type { WrongGuess } from "../../../../src/core/protection/budgets/ports.ts";
import { DAY, HOUR, MINUTE } from "../../times.ts";
import {
  anyLedger,
  anyLengths,
  CARRIES_6,
  CARRIES_8,
  guesses,
  isShort,
  judge,
  mostIn,
  NOW,
  row,
} from "./wrong-guesses.ts";

describe("what a phone's ledger allows", () => {
  test.each([
    ["no wrong guess: nine at six digits", [], CARRIES_8, { codeLength: 6, cap: 9 }],
    ["one less for each wrong guess", row(4, HOUR), CARRIES_8, { codeLength: 6, cap: 5 }],
    ["the last of nine", row(8, HOUR), CARRIES_8, { codeLength: 6, cap: 1 }],
    ["spent: nine a day at eight digits", row(9, HOUR), CARRIES_8, { codeLength: 8, cap: 9 }],
    [
      "spent: fewer at eight digits after some of the day",
      [...row(9, 3 * HOUR), ...row(4, HOUR, 8)],
      CARRIES_8,
      { codeLength: 8, cap: 5 },
    ],
    [
      "spent: none at eight digits after nine of the day",
      [...row(9, 20 * HOUR), ...row(9, HOUR, 8)],
      CARRIES_8,
      { codeLength: 8, cap: 0, freeAt: NOW - HOUR - 8 * MINUTE + DAY },
    ],
    ["spent: nine again a day later", [...row(9, 30 * HOUR), ...row(9, DAY, 8)], CARRIES_8, { cap: 9 }],
    ["spent with six digits carried: one more", row(9, 0), CARRIES_6, { codeLength: 6, cap: 1 }],
    [
      "spent with six digits carried: then none for a day",
      row(10, HOUR),
      CARRIES_6,
      { codeLength: 6, cap: 0, freeAt: NOW - HOUR + DAY },
    ],
    ["spent with six digits carried: one a day later", row(10, DAY), CARRIES_6, { codeLength: 6, cap: 1 }],
    [
      "spent with seven digits carried: one a day, behind a challenge",
      row(9, 0),
      { usual: 6, most: 7 },
      { codeLength: 7, cap: 1, asksCaptcha: true },
    ],
    [
      "eight digits from the start",
      row(9, 0, 8),
      { usual: 8, most: 8 },
      { codeLength: 8, cap: 9, asksCaptcha: false },
    ],
    ["guesses at eight digits leave those at six", row(30, HOUR, 8), CARRIES_8, { codeLength: 6, cap: 9 }],
    ["a guess counts for 30 days", row(9, 30 * DAY - 8 * MINUTE), CARRIES_8, { codeLength: 6, cap: 1 }],
    [
      "a guess 30 days after the first of nine others is one of nine, not one beyond them",
      [...guesses(6, 30 * DAY + HOUR), ...row(8, 10 * DAY), ...guesses(6, HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 1 },
    ],
    [
      "entries that a restored backup adds do not use up the day's guess",
      [...row(9, 2 * DAY), ...spentLedger(NOW - HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 1 },
    ],
    [
      "a guess after a restored backup does",
      [...spentLedger(NOW - 2 * HOUR), ...guesses(6, HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 0 },
    ],
    ["a guess that another process dates ahead counts", row(9, -HOUR), CARRIES_8, { codeLength: 8 }],
  ])("%s", (_, wrong, lengths, expected) => {
    expect(allowance(wrong, lengths, NOW)).toMatchObject(expected);
  });

  test("tells that a guess is free now if there is one", () => {
    expect(allowance([], CARRIES_8, NOW).freeAt).toBe(NOW);
    expect(allowance(row(9, HOUR), CARRIES_8, NOW).freeAt).toBe(NOW);
  });

  test("tells when the next guess is free: when one is 30 days old, or a day after the last one", () => {
    const nine = [...guesses(6, 30 * DAY - HOUR), ...row(8, 10 * DAY)];
    const spent = allowance([...nine, ...row(9, MINUTE, 8)], CARRIES_8, NOW);
    expect(spent).toMatchObject({ codeLength: 8, cap: 0, freeAt: NOW + HOUR });
    const extra = allowance([...nine, ...guesses(6, HOUR)], CARRIES_6, NOW);
    expect(extra).toMatchObject({ cap: 0, freeAt: NOW - HOUR + DAY });
  });
});

test("a guess is free at freeAt, and none a millisecond before", () => {
  fc.assert(
    fc.property(anyLedger, anyLengths, (wrong, lengths) => {
      const { cap, freeAt } = allowance(wrong, lengths, NOW);
      if (cap >= 1) {
        expect(freeAt).toBe(NOW);
        return;
      }
      expect(freeAt).toBeGreaterThan(NOW);
      expect(judge(wrong, lengths, freeAt).cap).toBeGreaterThanOrEqual(1);
      expect(judge(wrong, lengths, freeAt - 1).cap).toBeLessThan(1);
    }),
    { numRuns: 2_000 },
  );
});

/** An attacker who comes again and again, and guesses wrong as often as is allowed or less. */
const anySchedule = fc.array(
  fc.record({
    waitMs: fc.oneof(
      fc.constantFrom(0, 1, MINUTE, DAY - 1, DAY, DAY + 1, 30 * DAY - 1, 30 * DAY),
      fc.integer({ min: 0, max: 3 * DAY }),
    ),
    untilFree: fc.boolean(),
    tries: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);

/** What comes of it, and which guesses were made while the ledger was spent. */
function attack(
  schedule: typeof anySchedule extends fc.Arbitrary<infer T> ? T : never,
  lengths: CodeLengths,
) {
  const made: WrongGuess[] = [];
  const whileSpent: WrongGuess[] = [];
  let now = NOW;
  for (const { waitMs, untilFree, tries } of schedule) {
    now = untilFree ? Math.max(now, judge(made, lengths, now).freeAt) : now + waitMs;
    for (let left = tries; left > 0; left--) {
      const { cap, codeLength } = judge(made, lengths, now);
      if (cap < 1) break;
      const usual = made.filter((guess) => guess.codeLength <= lengths.usual && guess.at > now - 30 * DAY);
      const guess = { at: now, codeLength };
      made.push(guess);
      if (usual.length >= 9) whileSpent.push(guess);
    }
  }
  return { made, whileSpent };
}

describe("the most guesses on any schedule", () => {
  test("if eight digits are carried: nine wrong six-digit guesses in any 30 days, nine longer in any day", () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        const { made } = attack(schedule, CARRIES_8);
        expect(mostIn(30 * DAY, made.filter(isShort))).toBeLessThanOrEqual(9);
        expect(
          mostIn(
            DAY,
            made.filter((guess) => !isShort(guess)),
          ),
        ).toBeLessThanOrEqual(9);
      }),
      { numRuns: 500 },
    );
  });

  test("if six digits are carried: one in any day beyond the nine of any 30 days", () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        const { whileSpent } = attack(schedule, CARRIES_6);
        expect(mostIn(DAY, whileSpent)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["eight digits", 1.5e-4, CARRIES_8],
    ["six digits", 5e-4, CARRIES_6],
  ])(
    "a year of all guesses that %s allow finds one phone's code with a chance of less than %d",
    (_, most, lengths) => {
      const { made } = attack(new Array(5_000).fill({ waitMs: 0, untilFree: true, tries: 1 }), lengths);
      const year = made.filter(({ at }) => at < NOW + 365 * DAY);
      expect(made.length).toBeGreaterThan(year.length);
      const chance = year.reduce((sum, { codeLength }) => sum + 10 ** -codeLength, 0);
      expect(chance).toBeLessThan(most);
    },
  );
});
