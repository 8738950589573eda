import { afterEach, describe, expect, test } from "vitest";
import { createMemoryVerificationStore } from "../../src/adapters/memory/verifications.ts";
import type { Ledger } from "../../src/core/protection/ports.ts";
import type { VerificationStore } from "../../src/core/verification/ports.ts";
import type { VerificationView } from "../../src/core/verification/verification.ts";
import { createNaiveVerificationStore } from "../contracts/naive-verification-store.ts";
import { parallel } from "../contracts/samples.ts";
import {
  createJitter,
  createRules,
  DAY,
  HOUR,
  isShort,
  MINUTE,
  mostIn,
  type Rules,
  type RulesOptions,
  withPauses,
  wrongFor,
} from "./rules.ts";

let rules: Rules | undefined;
afterEach(async () => {
  await rules?.close();
  rules = undefined;
});
async function open(options: RulesOptions): Promise<Rules> {
  rules = await createRules(options);
  return rules;
}

/** Every call of a store gives way to others before and after it. */
function pausing(seed: number): NonNullable<RulesOptions["wrap"]> {
  const pause = createJitter(seed);
  return (stores) => ({
    verifications: withPauses(stores.verifications, pause),
    limits: withPauses(stores.limits, pause),
    ledger: withPauses(stores.ledger, pause),
  });
}

/** Reads, thinks, writes; what it must not be asked for comes from a store that is right. */
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
  const said = await parallel(200, () => world.guess(id, wrongFor(code)));
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
  test.each(["database", "memory"] as const)("%s: three wrong guesses, one success", async (state) => {
    expect(await raceWrong({ state, wrap: pausing(7) })).toBe(3);
    await rules?.close();
    expect(await raceRight({ state, wrap: pausing(8) })).toBe(1);
  });

  test("the control: a store that reads and then writes lets far more through", async () => {
    const wrap = () => ({ verifications: naiveStore() });
    expect(await raceWrong({ state: "memory", wrap })).toBeGreaterThan(100);
    await rules?.close();
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

/** A ledger with something that happens each time after it was read. */
function afterRead(ledger: Ledger, happens: () => Promise<void>): Ledger {
  return {
    record: (...args) => ledger.record(...args),
    read: async (...args) => {
      const read = await ledger.read(...args);
      await happens();
      return read;
    },
  };
}

describe.each(["database", "memory"] as const)("guesses on their way to the ledger, with %s", (state) => {
  test("between the reading of a start and its take are not granted again", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const last = await world.started();
    meanwhile = async () => {
      meanwhile = async () => {};
      await spend(world, last);
    };
    const granted = await world.started();
    expect(granted.codeLength).toBe(8);
    await spend(world, granted);
    const ledger = await world.ledger();
    expect(ledger.filter(isShort)).toHaveLength(9);
    expect(world.sms.sent).toHaveLength(4);
  });

  test("nor are longer codes, where their guesses of the day are used up, too", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    await spend(world, await world.started());
    world.clock.advance(2 * HOUR);
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    world.clock.advance(30 * DAY - 3 * HOUR);
    for (let n = 0; n < 3; n++) await spend(world, await world.started());
    world.clock.advance(HOUR);
    const last = await world.started();
    expect(last.codeLength).toBe(6);
    meanwhile = async () => {
      meanwhile = async () => {};
      await spend(world, last);
    };
    expect(await world.start()).toBe("too_many_requests");
    expect((await world.ledger()).map(({ codeLength }) => codeLength).slice(9)).toEqual([
      ...Array(9).fill(8),
      ...Array(3).fill(6),
    ]);
  });

  test("reduce what a start is granted by as many as were made", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      wrap: ({ ledger }) => ({ ledger: afterRead(ledger, () => meanwhile()) }),
    });
    await spend(world, await world.started());
    const first = await world.started();
    meanwhile = async () => {
      meanwhile = async () => {};
      await world.guess(first.id, wrongFor(first.code));
    };
    await spend(world, await world.started());
    expect(await world.ledger()).toHaveLength(3 + 1 + 2);
    await spend(world, first);
    await spend(world, await world.started());
    expect(await world.ledger()).toHaveLength(9);
    expect(await world.start()).toMatchObject({ codeLength: 8 });
  });

  test("stay set aside when their code ends meanwhile", async () => {
    let gate = Promise.resolve();
    let arrives = () => {};
    const world = await open({
      state,
      settings: { codeTtlMs: 10 * MINUTE },
      wrap: ({ ledger }) => ({
        ledger: {
          ...ledger,
          async record(...args) {
            await gate;
            await ledger.record(...args);
          },
        },
      }),
    });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const { id, code } = await world.started();
    for (let n = 0; n < 2; n++) await world.guess(id, wrongFor(code));
    world.clock.advance(10 * MINUTE - 1);
    gate = new Promise((resolve) => {
      arrives = resolve;
    });
    const last = world.guess(id, wrongFor(code));
    while ((await world.deps().verifications.find(id))?.attemptsUsed === 2) await new Promise(setImmediate);
    world.clock.advance(1_000);
    expect(await world.start()).toBe("too_many_requests");
    arrives();
    expect(await last).toBe("invalid_code");
    expect((await world.started()).codeLength).toBe(8);
  });

  test("stay set aside when the right one overtakes them", async () => {
    let gate = Promise.resolve();
    const slow = ({ ledger }: { ledger: Ledger }) => ({
      ledger: {
        ...ledger,
        record: async (...args: Parameters<Ledger["record"]>) => {
          await gate;
          await ledger.record(...args);
        },
      },
    });
    const world = await open({ state, wrap: slow });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const { id, code } = await world.started();
    let arrives = () => {};
    gate = new Promise((resolve) => {
      arrives = resolve;
    });
    const wrong = world.guess(id, wrongFor(code));
    while ((await world.deps().verifications.find(id))?.attemptsUsed === 0) await new Promise(setImmediate);
    expect(await world.guess(id, code)).toBe("approved");
    const next = await world.started();
    arrives();
    expect(await wrong).toBe("invalid_code");
    await spend(world, next);
    expect(await world.ledger()).toHaveLength(9);
  });
});

describe.each(["database", "memory"] as const)("in its order, with %s", (state) => {
  test("what no sender took is over before its guesses are given back", async () => {
    const given: unknown[] = [];
    const world = await open({
      state,
      wrap: ({ limits, verifications }) => ({
        limits: {
          ...limits,
          async release(key, member, count) {
            given.push((await verifications.find(member.replace(/\.1$/, "")))?.outcome);
            await limits.release(key, member, count);
          },
        },
      }),
    });
    world.sms.answer({ status: "rejected" });
    expect(typeof (await world.start())).toBe("string");
    expect(given).toEqual(["canceled"]);
  });

  test("a message that comes too late for its verification is not counted", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      settings: { limits: { phoneSends: [{ max: 2, windowMs: DAY }] } },
      wrap: ({ verifications }) => ({
        verifications: {
          ...verifications,
          async resent(...args) {
            await meanwhile();
            return await verifications.resent(...args);
          },
        },
      }),
    });
    const { client } = await world.knownDevice();
    world.clock.advance(DAY);
    const { id, code } = await world.started(client);
    meanwhile = async () => {
      expect(await world.guess(id, code)).toBe("approved");
    };
    const resent = await world.phonekey().verifications.resend({ id, client });
    expect(resent).toMatchObject({ refusal: { code: "too_many_requests" } });
    expect(await world.start(client)).toHaveProperty("id");
    expect(await world.start()).toBe("too_many_requests");
  });

  test("an approval finds the message that was sent again just before it", async () => {
    let meanwhile = async () => {};
    const world = await open({
      state,
      settings: { limits: { resendMs: 30_000 } },
      wrap: ({ verifications }) => ({
        verifications: {
          ...verifications,
          async guess(...args) {
            await meanwhile();
            return await verifications.guess(...args);
          },
        },
      }),
    });
    const { id, code } = await world.started();
    world.clock.advance(MINUTE);
    meanwhile = async () => {
      expect(await world.phonekey().verifications.resend({ id, client: {} })).toMatchObject({ ok: true });
    };
    expect(await world.guess(id, code)).toBe("approved");
    expect(await world.start()).toHaveProperty("id");
  });
});

/** All guesses of a verification, wrong. */
async function spend(world: Rules, { id, code }: { id: string; code: string }): Promise<void> {
  for (let n = 0; n < 5; n++) await world.guess(id, wrongFor(code));
}

describe.each(["database", "memory"] as const)("hammered, with %s", (state) => {
  test.each([1, 2, 3, 4])(
    "starts, wrong and right guesses at once never exceed the budget, and lose nothing of it (%i)",
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
            await world.guess(target.id, chance(12) === 0 ? target.code : wrongFor(target.code));
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

      // What nobody used of it is granted again once those who had it have ended.
      world.clock.advance(11 * MINUTE);
      for (let next = await world.start(); isShortCode(next); next = await world.start())
        await spend(world, { id: next.id, code: await world.codeOf(next.id) });
      expect((await world.ledger()).filter(isShort)).toHaveLength(9);
    },
  );

  test("50 starts under a ledger with one guess left grant one guess", async () => {
    const world = await open({ state, wrap: pausing(5) });
    for (let n = 0; n < 2; n++) await spend(world, await world.started());
    const third = await world.started();
    for (let n = 0; n < 2; n++) await world.guess(third.id, wrongFor(third.code));
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
