import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allowance,
  type CodeLengths,
  isUnlock,
  LEDGER_READ_MS,
  spentLedger,
  spentOf,
  unlockableAt,
  unlockMark,
} from "../../src/core/protection/ledger.ts";
import type { WrongGuess } from "../../src/core/protection/ports.ts";
import { DAY, HOUR, isShort, MINUTE, mostIn } from "./rules.ts";

const NOW = 1_800_000_000_000;
const CARRIES_8: CodeLengths = { usual: 6, most: 8 };
const CARRIES_6: CodeLengths = { usual: 6, most: 6 };

/** Guesses at these ages, oldest first. */
const guesses = (codeLength: number, ...agesMs: number[]): WrongGuess[] =>
  agesMs.map((age) => ({ at: NOW - age, codeLength }));

/** `count` guesses, a minute apart, the last one `agoMs` ago. */
const row = (count: number, agoMs: number, codeLength = 6): WrongGuess[] =>
  guesses(codeLength, ...Array.from({ length: count }, (_, n) => agoMs + (count - 1 - n) * MINUTE));

/** What the rules read at `now` of all that was ever guessed. */
const judge = (all: readonly WrongGuess[], lengths: CodeLengths, now: number) =>
  allowance(
    all.filter(({ at }) => at > now - LEDGER_READ_MS && at <= now),
    lengths,
    now,
  );

describe("what a phone's ledger allows", () => {
  test.each([
    ["no wrong guess: nine at six digits", [], CARRIES_8, { codeLength: 6, cap: 9 }],
    ["one less for each", row(4, HOUR), CARRIES_8, { codeLength: 6, cap: 5 }],
    ["the last of nine", row(8, HOUR), CARRIES_8, { codeLength: 6, cap: 1 }],
    ["spent: nine a day at eight digits", row(9, HOUR), CARRIES_8, { codeLength: 8, cap: 9 }],
    [
      "of which some are gone",
      [...row(9, 3 * HOUR), ...row(4, HOUR, 8)],
      CARRIES_8,
      { codeLength: 8, cap: 5 },
    ],
    [
      "all of them gone",
      [...row(9, 20 * HOUR), ...row(9, HOUR, 8)],
      CARRIES_8,
      { codeLength: 8, cap: 0, freeAt: NOW - HOUR - 8 * MINUTE + DAY },
    ],
    ["those of yesterday are back", [...row(9, 30 * HOUR), ...row(9, DAY, 8)], CARRIES_8, { cap: 9 }],
    ["spent where only six are carried: one more", row(9, 0), CARRIES_6, { codeLength: 6, cap: 1 }],
    ["and then one a day", row(10, HOUR), CARRIES_6, { codeLength: 6, cap: 0, freeAt: NOW - HOUR + DAY }],
    ["a day later", row(10, DAY), CARRIES_6, { codeLength: 6, cap: 1 }],
    [
      "seven digits are no eight: one a day, behind a challenge",
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
    ["longer guesses do not spend the short ones", row(30, HOUR, 8), CARRIES_8, { codeLength: 6, cap: 9 }],
    ["after 30 days each is forgotten", row(9, 30 * DAY - 8 * MINUTE), CARRIES_8, { codeLength: 6, cap: 1 }],
    [
      "a guess 30 days after the first of nine others is one of nine, and none beyond them",
      [...guesses(6, 30 * DAY + HOUR), ...row(8, 10 * DAY), ...guesses(6, HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 1 },
    ],
    [
      "what only stands for guesses takes no day's guess, nor where the ledger was spent before",
      [...row(9, 2 * DAY), ...spentLedger(NOW - HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 1 },
    ],
    [
      "and a guess after that does",
      [...spentLedger(NOW - 2 * HOUR), ...guesses(6, HOUR)],
      CARRIES_6,
      { codeLength: 6, cap: 0 },
    ],
    ["a guess that another process dates ahead counts", row(9, -HOUR), CARRIES_8, { codeLength: 8 }],
  ])("%s", (_, wrong, lengths, expected) => {
    expect(allowance(wrong, lengths, NOW)).toMatchObject(expected);
  });

  test("a free guess is free now", () => {
    expect(allowance([], CARRIES_8, NOW).freeAt).toBe(NOW);
    expect(allowance(row(9, HOUR), CARRIES_8, NOW).freeAt).toBe(NOW);
  });

  test("where a guess falls out of the 30 days sooner than the day is over, it is free then", () => {
    const nine = [...guesses(6, 30 * DAY - HOUR), ...row(8, 10 * DAY)];
    const spent = allowance([...nine, ...row(9, MINUTE, 8)], CARRIES_8, NOW);
    expect(spent).toMatchObject({ codeLength: 8, cap: 0, freeAt: NOW + HOUR });
    const extra = allowance([...nine, ...guesses(6, HOUR)], CARRIES_6, NOW);
    expect(extra).toMatchObject({ cap: 0, freeAt: NOW - HOUR + DAY });
  });
});

const anyGuess = fc.record({
  at: fc.integer({ min: 0, max: LEDGER_READ_MS - 1 }).map((age) => NOW - age),
  // Guesses, and now and then an unlock or what a played-back backup puts there.
  codeLength: fc.constantFrom(6, 6, 6, 6, 8, 8, unlockMark(0).codeLength, 0),
});
const anyLedger = fc
  .array(anyGuess, { maxLength: 40, size: "max" })
  .map((all) => all.sort((left, right) => left.at - right.at));
const anyLengths = fc.constantFrom(CARRIES_8, CARRIES_6, { usual: 6, most: 7 }, { usual: 8, most: 8 });

test("freeAt is true: a guess is free then, and none was a moment before", () => {
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

describe("whatever the schedule", () => {
  test("where eight digits are carried: nine wrong six-digit guesses in any 30 days, nine longer in any day", () => {
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

  test("where six are carried: one in any day beyond the nine of any 30 days", () => {
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

describe("an unlock", () => {
  const bySix = (codeLength: number) => codeLength <= 6;
  const unlocked = (agoMs = 0) => unlockMark(NOW - agoMs);

  test.each([
    [
      "gives three at six digits where eight would be asked for",
      [...row(9, HOUR), unlocked()],
      CARRIES_8,
      { codeLength: 6, cap: 3, freeAt: NOW },
    ],
    [
      "and three where six are carried, beside the one of the day",
      [...row(9, HOUR), unlocked()],
      CARRIES_6,
      { codeLength: 6, cap: 4 },
    ],
    ["also when that one is used", [...row(10, HOUR), unlocked()], CARRIES_6, { codeLength: 6, cap: 3 }],
    ["and when many were made beyond the budget", [...row(30, 2 * DAY), unlocked()], CARRIES_6, { cap: 4 }],
    [
      "less what was used since",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(2, HOUR)],
      CARRIES_8,
      { codeLength: 6, cap: 1 },
    ],
    [
      "used up, it is as before",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR)],
      CARRIES_8,
      { codeLength: 8, cap: 9 },
    ],
    [
      "longer guesses use none of it",
      [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR, 8)],
      CARRIES_8,
      { codeLength: 6, cap: 3 },
    ],
    [
      "a day later what is left is gone",
      [...row(9, 3 * DAY), unlocked(DAY)],
      CARRIES_8,
      { codeLength: 8, cap: 9 },
    ],
    [
      "and not a moment sooner",
      [...row(9, 3 * DAY), unlocked(DAY - 1)],
      CARRIES_8,
      { codeLength: 6, cap: 3 },
    ],
    [
      "a played-back backup voids it",
      [unlocked(HOUR), ...spentLedger(NOW)],
      CARRIES_8,
      { codeLength: 8, cap: 9 },
    ],
    ["one after that holds", [...spentLedger(NOW - HOUR), unlocked()], CARRIES_8, { codeLength: 6, cap: 3 }],
  ])("%s", (_, ledger, lengths, expected) => {
    expect(allowance(ledger, lengths, NOW)).toMatchObject(expected);
  });

  test("is for nobody whose guesses of 30 days have not spent the ledger", () => {
    const ledger = row(9, 30 * DAY - 8 * MINUTE);
    expect(spentOf(ledger, CARRIES_8, NOW)).toEqual({ wrong: 8, isSpent: false, unlocked: 0 });
  });

  test("resets nothing", () => {
    const spent = { wrong: 9, isSpent: true };
    expect(spentOf([...row(9, HOUR), unlocked()], CARRIES_8, NOW)).toEqual({ ...spent, unlocked: 3 });
    const used = [...row(9, 3 * HOUR), unlocked(2 * HOUR), ...row(3, HOUR)];
    expect(spentOf(used, CARRIES_8, NOW)).toEqual({ ...spent, unlocked: 0 });
  });

  test("whose guesses met no spent ledger is read back as long as that decides about a guess of today", () => {
    const before = [unlocked(31 * DAY + HOUR), ...guesses(6, 31 * DAY - 2 * HOUR)];
    const ledger = [...before, ...row(8, 10 * DAY), ...guesses(6, 23 * HOUR)];
    expect(judge(ledger, CARRIES_6, NOW)).toEqual(allowance(ledger, CARRIES_6, NOW));
    expect(judge(ledger, CARRIES_6, NOW)).toMatchObject({ cap: 1 });
  });

  test("whatever stands in the ledger, it gives exactly three more", () => {
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

  /** Somebody who talks support into every unlock that there may be, and guesses wrong as often as is allowed or less. */
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

  test("never gives more, whatever the schedule: three for each in any 30 days, and nine longer in any day", () => {
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
        // Over all of the time together, however the windows lie.
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
    "a year of all that %s and every unlock allow finds a code with a chance of less than %d",
    (_, most, lengths) => {
      const daily = new Array(365).fill({ waitMs: DAY, unlock: true, tries: 99 });
      const { guesses, unlocks } = campaign(daily, lengths);
      expect(unlocks.length).toBeGreaterThanOrEqual(36);
      const chance = guesses.reduce((sum, { codeLength }) => sum + 10 ** -codeLength, 0);
      expect(chance).toBeLessThan(most);
    },
  );
});
