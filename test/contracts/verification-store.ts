import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuessOutcome, Verification, VerificationStore } from "../../src/core/verification/ports.ts";
import { aVerification, fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenVerificationStore {
  readonly store: VerificationStore;
  close(): Promise<void>;
}

type Guessing = Pick<VerificationStore, "create" | "guess">;

/** How many of many guesses had which outcome. */
export type Tally = Record<GuessOutcome, number>;

function tally(outcomes: readonly GuessOutcome[]): Tally {
  const counted: Tally = { approved: 0, wrong: 0, dead: 0 };
  for (const outcome of outcomes) counted[outcome] += 1;
  return counted;
}

async function guess(store: Guessing, id: string, isRight: boolean, now: number): Promise<GuessOutcome> {
  return (await store.guess({ id, isRight }, now)).outcome;
}

/** T1: what 500 parallel wrong guesses come to. */
export async function raceWrongGuesses(store: Guessing): Promise<Tally> {
  const { id } = await newVerification(store);
  return tally(await parallel(500, () => guess(store, id, false, NOW)));
}

/** T2: what 12 parallel right guesses come to. */
export async function raceRightGuesses(store: Guessing): Promise<Tally> {
  const { id } = await newVerification(store);
  return tally(await parallel(12, () => guess(store, id, true, NOW)));
}

async function newVerification(store: Guessing, over: Partial<Verification> = {}): Promise<Verification> {
  const verification = aVerification(over);
  await store.create(verification);
  return verification;
}

/** The promises of `VerificationStore`, for every store. A store that forgets by itself has nothing to sweep. */
export function verificationStoreContract(
  name: string,
  open: () => Promise<OpenVerificationStore>,
  { forgetsByItself = false } = {},
): void {
  describe(`${name}: verification store`, () => {
    let opened: OpenVerificationStore;
    let store: VerificationStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    describe("create and find", () => {
      test("gives back exactly what was created", async () => {
        const plain = await newVerification(store);
        const full = await newVerification(store, {
          holder: "device:1",
          browser: "browser-hash",
          asked: { client: "shop", sealed: "sealed" },
          codeLength: 12,
          grantedLength: 6,
          outcome: "approved",
          approvedAt: NOW,
          bucket: "device",
          locale: "en",
        });
        expect(await store.find(plain.id)).toEqual(plain);
        expect(await store.find(full.id)).toEqual(full);
      });

      test("does not find an unknown id", async () => {
        expect(await store.find(fresh("unknown"))).toBeUndefined();
      });

      test("refuses an id that exists", async () => {
        const first = await newVerification(store);
        await expect(store.create({ ...first, codeLength: 8 })).rejects.toThrow();
        expect(await store.find(first.id)).toEqual(first);
      });
    });

    describe("guesses", () => {
      test.each([1, 2, 3, 4, 5])(
        "T1: of 500 parallel wrong guesses exactly 3 are looked at (round %i)",
        async () => {
          expect(await raceWrongGuesses(store)).toEqual({ approved: 0, wrong: 3, dead: 497 });
        },
      );

      test.each([1, 2, 3, 4, 5])(
        "T2: of 12 parallel right guesses exactly one is approved (round %i)",
        async () => {
          expect(await raceRightGuesses(store)).toEqual({ approved: 1, wrong: 0, dead: 11 });
        },
      );

      test("right and wrong guesses that race share the attempts", async () => {
        const { id, attemptsAllowed } = await newVerification(store, { attemptsAllowed: 5 });
        const outcomes = tally(await parallel(100, (index) => guess(store, id, index % 2 === 1, NOW)));
        expect(outcomes.wrong + outcomes.approved).toBeLessThanOrEqual(attemptsAllowed);
        expect(outcomes.approved).toBeLessThanOrEqual(1);
        expect(outcomes.dead).toBeGreaterThanOrEqual(95);
      });

      test("the right guess is told how many guesses were counted, including those of the same moment", async () => {
        const { id } = await newVerification(store, { attemptsAllowed: 20 });
        const guesses = await parallel(12, (index) => store.guess({ id, isRight: index === 6 }, NOW));
        const { attemptsUsed } = (await store.find(id)) ?? {};
        expect(guesses.filter(({ outcome }) => outcome !== "dead")).toHaveLength(attemptsUsed ?? 0);
        expect(guesses[6]).toMatchObject({ outcome: "approved", attemptsUsed });
      });

      test("are counted before their outcome: the last attempt may be the right one, and none follows it", async () => {
        const { id } = await newVerification(store);
        expect(await guess(store, id, false, NOW)).toBe("wrong");
        expect(await guess(store, id, false, NOW)).toBe("wrong");
        expect(await guess(store, id, true, NOW)).toBe("approved");
        expect(await guess(store, id, true, NOW)).toBe("dead");
        expect(await store.find(id)).toMatchObject({ attemptsUsed: 3, outcome: "approved", approvedAt: NOW });
      });

      test("a spent verification stays dead for the right code", async () => {
        const { id } = await newVerification(store, { attemptsAllowed: 1 });
        expect(await guess(store, id, false, NOW)).toBe("wrong");
        expect(await guess(store, id, true, NOW)).toBe("dead");
        expect(await store.find(id)).toMatchObject({ attemptsUsed: 1, outcome: "open" });
      });

      test("a dead verification counts nothing", async () => {
        const { id } = await newVerification(store, { outcome: "canceled" });
        expect(await guess(store, id, false, NOW)).toBe("dead");
        expect(await store.find(id)).toMatchObject({ attemptsUsed: 0 });
        expect(await guess(store, fresh("unknown"), true, NOW)).toBe("dead");
      });

      test("a verification is dead from expiresAt on", async () => {
        const { id, expiresAt } = await newVerification(store);
        const together = await parallel(3, (n) => guess(store, id, n === 1, expiresAt));
        expect(together).toEqual(["dead", "dead", "dead"]);
        expect(await guess(store, id, true, expiresAt)).toBe("dead");
        expect(await guess(store, id, true, expiresAt + 1)).toBe("dead");
        expect(await guess(store, id, true, expiresAt - 1)).toBe("approved");
      });
    });

    describe("resent", () => {
      const further = { messages: 2, resendAt: NOW + 90 * SECOND, expiresAt: NOW + 6 * MINUTE };

      test("notes the message and the new times", async () => {
        const before = await newVerification(store);
        expect(await store.resent(before.id, further, NOW)).toBe(true);
        expect(await store.find(before.id)).toEqual({ ...before, ...further });
      });

      test("succeeds for exactly one of 50 at once", async () => {
        const { id } = await newVerification(store);
        const noted = await parallel(50, () => store.resent(id, further, NOW));
        expect(noted.filter(Boolean)).toHaveLength(1);
        expect(await store.find(id)).toMatchObject({ messages: 2 });
      });

      test("gives no attempt back", async () => {
        const { id } = await newVerification(store);
        await guess(store, id, false, NOW);
        await store.resent(id, further, NOW);
        expect(await store.find(id)).toMatchObject({ attemptsUsed: 1 });
      });

      test("fails once the verification has ended", async () => {
        const approved = await newVerification(store);
        await guess(store, approved.id, true, NOW);
        const spent = await newVerification(store, { attemptsAllowed: 1 });
        await guess(store, spent.id, false, NOW);
        const expired = await newVerification(store);
        const canceled = await newVerification(store);
        await store.cancel(canceled.id);
        expect(await store.resent(approved.id, further, NOW)).toBe(false);
        expect(await store.resent(spent.id, further, NOW)).toBe(false);
        expect(await store.resent(expired.id, further, expired.expiresAt)).toBe(false);
        expect(await store.resent(canceled.id, further, NOW)).toBe(false);
        expect(await store.resent(fresh("unknown"), further, NOW)).toBe(false);
      });
    });

    describe("cancel", () => {
      test("ends an open one, and leaves an approved one approved", async () => {
        const open = await newVerification(store);
        const approved = await newVerification(store);
        await guess(store, approved.id, true, NOW);
        await store.cancel(open.id);
        await store.cancel(approved.id);
        await store.cancel(fresh("unknown"));
        expect(await store.find(open.id)).toMatchObject({ outcome: "canceled" });
        expect(await store.find(approved.id)).toMatchObject({ outcome: "approved" });
        expect(await guess(store, open.id, true, NOW)).toBe("dead");
      });

      test("and the right guess at once: one of the two wins", async () => {
        const { id } = await newVerification(store);
        const [outcome] = await Promise.all([guess(store, id, true, NOW), store.cancel(id)]);
        const found = await store.find(id);
        expect(found?.outcome).toBe(outcome === "approved" ? "approved" : "canceled");
      });
    });

    describe("findHeld", () => {
      test("finds the newest live one of this holder, phone and purpose", async () => {
        const holder = fresh("device:");
        const phoneTag = `k.${fresh("tag")}`;
        const mine = { holder, phoneTag };
        const older = await newVerification(store, { ...mine, createdAt: NOW - 2 });
        const newer = await newVerification(store, { ...mine, createdAt: NOW - 1 });
        await newVerification(store, { ...mine, purpose: "reset_password", createdAt: NOW });
        await newVerification(store, { holder });
        await newVerification(store, { phoneTag, holder: fresh("address:") });
        await newVerification(store, { phoneTag });
        expect(await store.findHeld(holder, phoneTag, "sign_in", NOW)).toEqual(newer);
        await store.cancel(newer.id);
        expect(await store.findHeld(holder, phoneTag, "sign_in", NOW)).toEqual(older);
        expect(await store.findHeld(holder, phoneTag, "sign_in", older.expiresAt)).toBeUndefined();
        for (let tries = 0; tries < 3; tries++) await guess(store, older.id, false, NOW);
        expect(await store.findHeld(holder, phoneTag, "sign_in", NOW)).toBeUndefined();
      });
    });

    const sweepSuite = () => {
      test("forgets what ended before, a few at a time, and nothing else", async () => {
        const long = NOW - 1_000 * MINUTE;
        const old = await parallel(5, (index) =>
          newVerification(store, { createdAt: long, expiresAt: long + index }),
        );
        const edge = await newVerification(store, { createdAt: long, expiresAt: long + 5 });
        expect(await store.sweep(long + 5, 3)).toBe(3);
        expect(await store.sweep(long + 5, 3)).toBe(2);
        expect(await store.sweep(long + 5, 3)).toBe(0);
        for (const { id } of old) expect(await store.find(id)).toBeUndefined();
        expect(await store.find(edge.id)).toEqual(edge);
      });
    };
    if (!forgetsByItself) describe("sweep", sweepSuite);

    test("behaves like the model in any sequence of steps", async () => {
      const step = fc.oneof(
        fc.record({ do: fc.constant("guess" as const), right: fc.boolean() }),
        fc.record({ do: fc.constant("resent" as const), messages: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ do: fc.constant("cancel" as const) }),
        fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 60 }) }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.array(step, { maxLength: 12 }),
          async (n, steps) => {
            let model = await newVerification(store, { attemptsAllowed: n, expiresAt: NOW + 100 });
            let now = NOW;
            for (const each of steps) {
              const live = isLive(model, now);
              if (each.do === "wait") now += each.ms;
              if (each.do === "guess") {
                const outcome = each.right ? "approved" : "wrong";
                expect(await guess(store, model.id, each.right, now)).toBe(live ? outcome : "dead");
                if (live) model = guessed(model, each.right, now);
              }
              if (each.do === "resent") {
                const change = { messages: each.messages, resendAt: now, expiresAt: now + 100 };
                const noted = live && each.messages > model.messages;
                expect(await store.resent(model.id, change, now)).toBe(noted);
                if (noted) model = { ...model, ...change };
              }
              if (each.do === "cancel") {
                await store.cancel(model.id);
                if (model.outcome === "open") model = { ...model, outcome: "canceled" };
              }
            }
            expect(await store.find(model.id)).toEqual(model);
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}

function isLive(model: Verification, now: number): boolean {
  return model.outcome === "open" && model.attemptsUsed < model.attemptsAllowed && now < model.expiresAt;
}

function guessed(model: Verification, right: boolean, now: number): Verification {
  const attemptsUsed = model.attemptsUsed + 1;
  return right
    ? { ...model, attemptsUsed, outcome: "approved", approvedAt: now }
    : { ...model, attemptsUsed };
}
