import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allowance,
  type CodeLengths,
  isUnlock,
  spentLedger,
  spentOf,
  unlockableAt,
  unlockMark,
} from "../../../../src/core/protection/budgets/ledger.ts";
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

describe("an unlock", () => {
  const bySix = (codeLength: number) => codeLength <= 6;
  const unlocked = (agoMs = 0) => unlockMark(NOW - agoMs);

  test.each([
    [
      "gives three at six digits instead of eight",
      [...row(9, HOUR), unlocked()],
      CARRIES_8,
      { codeLength: 6, cap: 3, freeAt: NOW },
    ],
    [
      "gives three beside the one of the day if only six digits are carried",
      [...row(9, HOUR), unlocked()],
      CARRIES_6,
      { codeLength: 6, cap: 4 },
    ],
    ["gives three if that one is used", [...row(10, HOUR), unlocked()], CARRIES_6, { codeLength: 6, cap: 3 }],
    ["gives three beyond an exceeded budget", [...row(30, 2 * DAY), unlocked()], CARRIES_6, { cap: 4 }],
    [
      "has three less what was used since",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(2, HOUR)],
      CARRIES_8,
      { codeLength: 6, cap: 1 },
    ],
    [
      "leaves the ledger as before once it is used up",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR)],
      CARRIES_8,
      { codeLength: 8, cap: 9 },
    ],
    [
      "is not used up by guesses at longer codes",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR, 8)],
      CARRIES_8,
      { codeLength: 6, cap: 3 },
    ],
    ["ends a day later", [...row(9, 3 * DAY), unlocked(DAY)], CARRIES_8, { codeLength: 8, cap: 9 }],
    [
      "and not a millisecond sooner",
      [...row(9, 3 * DAY), unlocked(DAY - 1)],
      CARRIES_8,
      { codeLength: 6, cap: 3 },
    ],
    [
      "does not pay for a guess in the moment of its end",
      [...row(9, 3 * DAY), unlocked(DAY + HOUR), ...guesses(6, HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 0 },
    ],
    [
      "is void after a backup was restored",
      [unlocked(HOUR), ...spentLedger(NOW)],
      CARRIES_8,
      { codeLength: 8, cap: 9 },
    ],
    [
      "counts if it was given after a backup was restored",
      [...spentLedger(NOW - HOUR), unlocked()],
      CARRIES_8,
      { codeLength: 6, cap: 3 },
    ],
  ])("%s", (_, ledger, lengths, expected) => {
    expect(allowance(ledger, lengths, NOW)).toMatchObject(expected);
  });

  test("needs a ledger that the guesses of 30 days have spent", () => {
    const ledger = row(9, 30 * DAY - 8 * MINUTE);
    expect(spentOf(ledger, CARRIES_8, NOW)).toEqual({ wrong: 8, isSpent: false, unlocked: 0 });
  });

  test("does not reset the number of wrong guesses", () => {
    const spent = { wrong: 9, isSpent: true };
    expect(spentOf([...row(9, HOUR), unlocked()], CARRIES_8, NOW)).toEqual({ ...spent, unlocked: 3 });
    const used = [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR)];
    expect(spentOf(used, CARRIES_8, NOW)).toEqual({ ...spent, unlocked: 0 });
  });

  test("is read back as long as it decides about a guess of today", () => {
    const before = [unlocked(31 * DAY + HOUR), ...guesses(6, 31 * DAY - 2 * HOUR)];
    const ledger = [...before, ...row(8, 10 * DAY), ...guesses(6, 23 * HOUR)];
    expect(judge(ledger, CARRIES_6, NOW)).toEqual(allowance(ledger, CARRIES_6, NOW));
    expect(judge(ledger, CARRIES_6, NOW)).toMatchObject({ cap: 1 });
  });

  test("gives exactly three more, whatever is in the ledger", () => {
    fc.assert(
      fc.property(anyLedger, anyLengths, (wrong, lengths) => {
        const before = allowance(wrong, lengths, NOW);
        const after = allowance([...wrong, unlocked()], lengths, NOW);
        const usual = before.codeLength === lengths.usual ? Math.max(0, before.cap) : 0;
        const { asksCaptcha } = before;
        expect(after).toEqual({ codeLength: lengths.usual, cap: usual + 3, asksCaptcha, freeAt: NOW });
      }),
      { numRuns: 1_000 },
    );
  });

  const anyCampaign = fc.array(
    fc.record({
      waitMs: fc.oneof(
        fc.constantFrom(0, 1, MINUTE, DAY - 1, DAY, DAY + 1, 10 * DAY, 30 * DAY - 1, 30 * DAY),
        fc.integer({ min: 0, max: 3 * DAY }),
      ),
      unlock: fc.boolean(),
      tries: fc.integer({ min: 0, max: 15 }),
    }),
    { minLength: 1, maxLength: 60, size: "max" },
  );

  /** An attacker who gets every possible unlock from support, and guesses wrong as often as is allowed or less. */
  function campaign(
    steps: readonly { waitMs: number; unlock: boolean; tries: number }[],
    lengths: CodeLengths,
  ) {
    const ledger: WrongGuess[] = [];
    let now = NOW;
    for (const { waitMs, unlock, tries } of steps) {
      now += waitMs;
      const earlier = ledger.filter(isUnlock).map(({ at }) => at);
      if (unlock && unlockableAt(earlier, now) <= now) ledger.push(unlockMark(now));
      for (let left = tries; left > 0; left--) {
        const { cap, codeLength } = judge(ledger, lengths, now);
        if (cap < 1) break;
        ledger.push({ at: now, codeLength });
      }
    }
    return { guesses: ledger.filter((entry) => !isUnlock(entry)), unlocks: ledger.filter(isUnlock) };
  }

  test("on any schedule allows at most three more for each in any 30 days, and nine longer ones in any day", () => {
    fc.assert(
      fc.property(anyCampaign, (steps) => {
        const { guesses, unlocks } = campaign(steps, CARRIES_8);
        for (const { at: end } of guesses) {
          const inside = ({ at }: WrongGuess) => at > end - 30 * DAY && at <= end;
          const given = unlocks.filter(({ at }) => at > end - 31 * DAY && at <= end).length;
          expect(guesses.filter(isShort).filter(inside).length).toBeLessThanOrEqual(9 + 3 * given);
        }
        const longer = guesses.filter(({ codeLength }) => !bySix(codeLength));
        expect(mostIn(DAY, longer)).toBeLessThanOrEqual(9);
        // Over the whole time, too.
        const windows = Math.ceil(((guesses.at(-1)?.at ?? NOW) - NOW + 1) / (30 * DAY));
        const short = guesses.filter(isShort).length;
        expect(short).toBeLessThanOrEqual(9 * windows + 3 * unlocks.length);
      }),
      { numRuns: 500 },
    );
  });

  test("is given once in any day and three times in any 30", () => {
    fc.assert(
      fc.property(anyCampaign, (steps) => {
        const { unlocks } = campaign(steps, CARRIES_8);
        expect(mostIn(DAY, unlocks)).toBeLessThanOrEqual(1);
        expect(mostIn(30 * DAY, unlocks)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["eight digits", 2.7e-4, CARRIES_8],
    ["six digits", 5e-4, CARRIES_6],
  ])(
    "a year of all guesses that %s and every unlock allow finds a code with a chance of less than %d",
    (_, most, lengths) => {
      const daily = new Array(365).fill({ waitMs: DAY, unlock: true, tries: 99 });
      const { guesses, unlocks } = campaign(daily, lengths);
      expect(unlocks.length).toBeGreaterThanOrEqual(36);
      const chance = guesses.reduce((sum, { codeLength }) => sum + 10 ** -codeLength, 0);
      expect(chance).toBeLessThan(most);
    },
  );
});
