import { describe, expect, test } from "vitest";
import { createMemoryVerificationStore } from "../../../src/adapters/memory/verifications.ts";
import type { VerificationStore } from "../../../src/core/verification/ports.ts";
import type { VerificationView } from "../../../src/core/verification/verification.ts";
import { createNaiveVerificationStore } from "../../contracts/naive-verification-store.ts";
import { parallel } from "../../contracts/samples.ts";
import { DAY, isShort, MINUTE, mostIn, type Rules, type RulesOptions, wrongCode } from "../rules.ts";
import { pausing, spend, useRules } from "./raced-rules.ts";

const open = useRules();

/** Its guess reads and then writes, not in one step; its other methods are those of a correct store. */
function naiveStore(): VerificationStore {
  const right = createMemoryVerificationStore();
  const naive = createNaiveVerificationStore();
  return {
    ...right,
    create: async (verification) => {
      await right.create(verification);
      await naive.create(verification);
    },
    guess: naive.guess,
  };
}

/** T1: how many of 200 parallel wrong guesses were looked at: those are in the ledger. */
async function raceWrong(options: RulesOptions): Promise<number> {
  const world = await open(options);
  const { id, code } = await world.started();
  const said = await parallel(200, () => world.guess(id, wrongCode(code)));
  expect(new Set(said)).toEqual(new Set(["invalid_code"]));
  return (await world.ledger()).length;
}

/** T2: how many of 12 parallel right guesses were approved. */
async function raceRight(options: RulesOptions): Promise<number> {
  const world = await open(options);
  const { id, code } = await world.started();
  const said = await parallel(12, () => world.guess(id, code));
  return said.filter((answer) => answer === "approved").length;
}

describe("T1 and T2 through the rules", () => {
  test.each(["database", "memory"] as const)("%s: three wrong guesses, or one right one", async (state) => {
    expect(await raceWrong({ state, wrap: pausing(7) })).toBe(3);
    expect(await raceRight({ state, wrap: pausing(8) })).toBe(1);
  });

  test("the control: a store that reads and then writes lets far more through", async () => {
    const wrap = () => ({ verifications: naiveStore() });
    expect(await raceWrong({ state: "memory", wrap })).toBeGreaterThan(100);
    expect(await raceRight({ state: "memory", wrap })).toBeGreaterThan(1);
  });
});

describe("T19: the first sign-in of a phone", () => {
  test("nine at once with nine codes make one user", async () => {
    const world = await open({ settings: { codeAttempts: 1 }, wrap: pausing(3) });
    const started: Awaited<ReturnType<Rules["started"]>>[] = [];
    for (let n = 0; n < 9; n++) started.push(await world.started());
    const signedIn = await parallel(9, async (n) => {
      const { id: verificationId, code } = started[n]!;
      return await world.phonekey().signIn.byCode({ verificationId, code, client: {}, userAgent: "" });
    });
    const users = signedIn.map((result) => (result.ok ? result.value.user.id : result.refusal.code));
    expect(new Set(users).size).toBe(1);
    expect(signedIn.filter((result) => result.ok && result.value.created)).toHaveLength(1);
  });
});

describe.each(["database", "memory"] as const)("the budget under parallel requests (%s)", (state) => {
  test.each([1, 2, 3, 4])(
    "is neither exceeded nor reduced by starts, wrong and right guesses at once (seed %i)",
    async (seed) => {
      const world = await open({ state, wrap: pausing(seed) });
      const chance = createChance(seed);
      const held: { id: string; code: string }[] = [];
      let isAllGranted = false;
      for (let round = 0; round < 6; round++) {
        await parallel(50, async () => {
          const target = held[chance(held.length)];
          if (!target || chance(3) === 0) {
            const started = await world.start();
            isAllGranted ||= !isShortCode(started);
            if (typeof started !== "string")
              held.push({ id: started.id, code: await world.codeOf(started.id) });
          } else {
            await world.guess(target.id, chance(12) === 0 ? target.code : wrongCode(target.code));
          }
        });
        if (round % 3 === 2) world.clock.advance(11 * MINUTE);
        if (round === 3) await world.restart();
      }
      expect(isAllGranted).toBe(true);
      const ledger = await world.ledger();
      expect(mostIn(30 * DAY, ledger.filter(isShort))).toBeLessThanOrEqual(9);
      expect(
        mostIn(
          DAY,
          ledger.filter((guess) => !isShort(guess)),
        ),
      ).toBeLessThanOrEqual(9);

      // Guesses that were granted and not used are granted again once their verifications have ended.
      world.clock.advance(11 * MINUTE);
      for (let next = await world.start(); isShortCode(next); next = await world.start())
        await spend(world, { id: next.id, code: await world.codeOf(next.id) });
      expect((await world.ledger()).filter(isShort)).toHaveLength(9);
    },
  );

  test("has one guess left for 50 starts: one of them gets it", async () => {
    const world = await open({ state, wrap: pausing(5) });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const third = await world.started();
    for (let n = 0; n < 2; n++) await world.guess(third.id, wrongCode(third.code));
    world.clock.advance(11 * MINUTE);
    const started = await parallel(50, () => world.start());
    const granted = started.filter((each) => typeof each !== "string");
    expect(granted).toHaveLength(1);
    expect(started.filter((each) => each === "too_many_requests")).toHaveLength(49);
    expect(world.sms.sent).toHaveLength(4);
  });
});

function isShortCode(started: VerificationView | string): started is VerificationView {
  return typeof started !== "string" && isShort(started);
}

/** Whole numbers below `most` that look random and are the same in every run. */
function createChance(seed: number): (most: number) => number {
  let state = seed + 1_000;
  return (most) => {
    state = (state * 48_271) % 2_147_483_647;
    return most === 0 ? 0 : Math.floor(state / 7) % most;
  };
}
