import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Limit, LimitStore } from "../../src/core/protection/limits/ports.ts";
import { firstSlot, slotAt } from "../../src/core/protection/limits/sums.ts";
import { fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

const HOUR = 60 * MINUTE;

const step = fc.record({
  how: fc.constantFrom("tight" as const, "loose" as const, "told" as const, "correct" as const),
  amount: fc.integer({ min: 1, max: 30 }),
  waitMs: fc.integer({ min: 0, max: 120 }),
});

/** Expects that a take passes if its amount fits into the total of the live slots, and only then. */
async function expectLikeOneSum(store: LimitStore): Promise<void> {
  const [windowMs, most] = [600, { tight: 100, loose: 110 }];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: "max" }), async (steps) => {
      const key = fresh("budget");
      const slots = new Map<number, number>();
      let now = NOW;
      for (const { how, amount, waitMs } of steps) {
        now += waitMs;
        const slot = slotAt(now, windowMs);
        const held = slots.get(slot) ?? 0;
        if (how === "correct") {
          const change = amount % 2 ? amount : -amount;
          await store.correct([{ key, windowMs, at: now, amount: change }]);
          slots.set(slot, Math.max(0, held + change));
          continue;
        }
        const live = [...slots].filter(([each]) => each >= firstSlot(now, windowMs));
        const total = live.reduce((sum, [, each]) => sum + each, amount);
        const bound = most[how === "told" ? "tight" : how];
        const told = how === "told" && { advisory: true };
        const limit = { name: how, key, amount, windows: [{ max: bound, windowMs }], ...told };
        const taken = await store.take({ member: fresh("member"), limits: [limit] }, now);
        expect(taken.ok).toBe(how === "told" || total <= bound);
        if (taken.ok) slots.set(slot, held + amount);
        if (taken.ok && how === "told") expect(taken.exceeded !== undefined).toBe(total > bound);
      }
    }),
    { numRuns: 20 },
  );
}

/** The part of the contract of `LimitStore` that is about amounts, advisory limits, shares and blocks. */
export function amountSuite(store: () => LimitStore): void {
  const take = (limits: readonly Limit[], now = NOW) =>
    store().take({ member: fresh("member"), limits }, now);
  const budget = (key: string, amount: number, max = 100, windowMs = HOUR): Limit => {
    return { name: "budget", key, amount, windows: [{ max, windowMs }] };
  };

  describe("amounts", () => {
    const left = async (key: string, max: number) => {
      let free = 0;
      while (free < max && (await take([budget(key, 1, max)], NOW)).ok) free += 1;
      return free;
    };

    test("as many of 100 parallel takes pass as the sum allows", async () => {
      const key = fresh("budget");
      const taken = await parallel(100, () => take([budget(key, 7)]));
      expect(taken.filter(({ ok }) => ok)).toHaveLength(14);
      expect(await left(key, 100)).toBe(2);
    });

    test("an amount counts for one window, and at most one slot longer", async () => {
      const key = fresh("budget");
      expect(await take([budget(key, 60)])).toMatchObject({ ok: true });
      const refused = await take([budget(key, 50)]);
      expect(refused).toMatchObject({ ok: false, refusedBy: "budget" });
      const retryAt = refused.ok ? 0 : refused.retryAt;
      expect(retryAt).toBeGreaterThanOrEqual(NOW + HOUR);
      expect(retryAt).toBeLessThanOrEqual(NOW + HOUR + MINUTE);
      expect(await take([budget(key, 50)], retryAt - 1)).toMatchObject({ ok: false });
      expect(await take([budget(key, 50)], retryAt)).toMatchObject({ ok: true });
    });

    test("an amount of a clock that is ahead does not make earlier ones be forgotten", async () => {
      const key = fresh("budget");
      expect(await take([budget(key, 90)])).toMatchObject({ ok: true });
      expect(await take([budget(key, 10)], NOW + 75 * MINUTE)).toMatchObject({ ok: true });
      expect(await take([budget(key, 1)], NOW + 55 * MINUTE)).toMatchObject({ ok: false });
    });

    test("refills continuously", async () => {
      const key = fresh("budget");
      for (let n = 0; n < 4; n++) await take([budget(key, 25)], NOW + n * 10 * MINUTE);
      expect(await take([budget(key, 25)], NOW + 40 * MINUTE)).toMatchObject({ ok: false });
      expect(await take([budget(key, 25)], NOW + HOUR + MINUTE)).toMatchObject({ ok: true });
      expect(await take([budget(key, 25)], NOW + HOUR + MINUTE)).toMatchObject({ ok: false });
      expect(await take([budget(key, 25)], NOW + HOUR + 11 * MINUTE)).toMatchObject({ ok: true });
    });

    test("several limits on one key count once; windows are sums of their own", async () => {
      const key = fresh("budget");
      const windows = [
        { max: 100, windowMs: HOUR },
        { max: 150, windowMs: 24 * HOUR },
      ];
      const both = [budget(key, 40, 80), { ...budget(key, 40), name: "other", windows }];
      expect(await take(both)).toMatchObject({ ok: true });
      expect(await take(both)).toMatchObject({ ok: true });
      expect(await take(both)).toMatchObject({ ok: false, refusedBy: "budget" });
      expect(await take(both.slice(1))).toMatchObject({ ok: false, refusedBy: "other" });
      expect(await take(both, NOW + 2 * HOUR)).toMatchObject({ ok: true });
      expect(await take(both, NOW + 4 * HOUR)).toMatchObject({ ok: false, refusedBy: "other" });
    });

    test("a refused take spends nothing, and an amount above the maximum may be tried again after a window", async () => {
      const [key, full] = [fresh("budget"), fresh("full")];
      const none = { name: "none", key: full, windows: [{ max: 0, windowMs: MINUTE }] };
      for (let n = 0; n < 5; n++) expect(await take([budget(key, 60), none])).toMatchObject({ ok: false });
      expect(await take([budget(key, 101)])).toEqual({ ok: false, refusedBy: "budget", retryAt: NOW + HOUR });
      expect(await left(key, 100)).toBe(100);
    });

    test("corrections go both ways and not below zero", async () => {
      const key = fresh("budget");
      await take([budget(key, 60)]);
      const change = (amount: number) => store().correct([{ key, windowMs: HOUR, at: NOW, amount }]);
      await change(20);
      expect(await take([budget(key, 21)])).toMatchObject({ ok: false });
      await change(-70);
      expect(await take([budget(key, 91)])).toMatchObject({ ok: false });
      await change(-500);
      expect(await take([budget(key, 100)])).toMatchObject({ ok: true });
      await store().correct([]);
    });

    test("several corrections of one slot at once add up", async () => {
      const key = fresh("budget");
      await take([budget(key, 60)]);
      const change = (amount: number) => ({ key, windowMs: HOUR, at: NOW, amount });
      await store().correct([change(-60), change(30)]);
      expect(await left(key, 100)).toBe(70);
    });

    test("a sum that is seeded twice counts once, and removes nothing that was counted since", async () => {
      const key = fresh("budget");
      const sums = [{ key, windowMs: HOUR, at: NOW, amount: 30 }];
      await parallel(3, () => store().seed(fresh("epoch"), [{ events: [], sums }]));
      expect(await take([budget(key, 71)])).toMatchObject({ ok: false });
      expect(await take([budget(key, 50)])).toMatchObject({ ok: true });
      await store().seed(fresh("epoch"), [{ events: [], sums }]);
      expect(await left(key, 100)).toBe(20);
    });

    test("no window holds more than its maximum, in any sequence of takes", async () => {
      const step = fc.record({
        waitMs: fc.integer({ min: -50, max: 400 }),
        amount: fc.integer({ min: 1, max: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: "max" }), async (steps) => {
          const key = fresh("budget");
          const spent: { at: number; amount: number }[] = [];
          let now = NOW;
          for (const { waitMs, amount } of steps) {
            now += waitMs;
            const taken = await take([budget(key, amount, 20, 600)], now);
            if (taken.ok) spent.push({ at: now, amount });
            else
              expect(await take([budget(key, amount, 20, 600)], taken.retryAt - 1)).toMatchObject({
                ok: false,
              });
          }
          for (const { at: end } of spent) {
            const inside = spent.filter(({ at }) => at > end - 600 && at <= end);
            expect(inside.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(20);
          }
        }),
        { numRuns: 40 },
      );
    });

    test("of 60 amounts at once, some of them large, as much is spent as fits", async () => {
      const key = fresh("budget");
      const amountOf = (n: number) => (n % 3 === 0 ? 11 : 3);
      const taken = await parallel(60, (n) => take([budget(key, amountOf(n), 200)]));
      const spent = taken.reduce((sum, { ok }, n) => sum + (ok ? amountOf(n) : 0), 0);
      const refused = taken.flatMap(({ ok }, n) => (ok ? [] : [amountOf(n)]));
      expect(Math.min(...refused)).toBeGreaterThan(200 - spent);
      expect(await left(key, 200)).toBe(200 - spent);
    });

    test("corrections at once take off exactly their amounts, and no more than there is", async () => {
      const key = fresh("budget");
      await parallel(20, () => take([budget(key, 4)]));
      const sum = { key, windowMs: HOUR, at: NOW };
      await parallel(12, () => store().correct([{ ...sum, amount: -5 }]));
      await parallel(4, () => store().correct([{ ...sum, amount: 10 }]));
      expect(await left(key, 100)).toBe(40);
      await parallel(5, () => store().correct([{ ...sum, amount: -30 }]));
      expect(await left(key, 100)).toBe(100);
    });

    test("a sum that is seeded page by page is the greater of what was counted and what was seeded", async () => {
      const key = fresh("budget");
      await take([budget(key, 20)]);
      const page = (amount: number) => ({
        events: [],
        sums: [{ key, windowMs: HOUR, at: NOW, amount }],
      });
      await parallel(3, () => store().seed(fresh("epoch"), [page(10), page(25), page(61)]));
      expect(await left(key, 100)).toBe(39);
    });

    test("of takes with different maxima on one key are judged by one sum", async () => {
      await expectLikeOneSum(store());
    });
  });

  describe("advisory limits", () => {
    test("count, never refuse, and are named if they would have refused", async () => {
      const key = fresh("key");
      const told: Limit = { name: "told", key, windows: [{ max: 1, windowMs: MINUTE }], advisory: true };
      const spent: Limit = { ...budget(fresh("budget"), 60), name: "spent", advisory: true };
      expect(await take([told, spent])).toEqual({ ok: true, leased: 0, nextAt: NOW });
      expect(await take([told, spent])).toEqual({
        ok: true,
        leased: 0,
        nextAt: NOW,
        exceeded: ["told", "spent"],
      });
      const { advisory: _, ...binding } = told;
      expect(await take([{ ...binding, windows: [{ max: 2, windowMs: MINUTE }] }])).toMatchObject({
        ok: false,
      });
    });
  });

  describe("parts", () => {
    test("a part counts at most its own maximum on the whole, and further takes of it still pass", async () => {
      const [whole, one, other] = [fresh("whole"), fresh("part"), fresh("part")];
      const from = (part: string): Limit => ({
        name: "whole",
        key: whole,
        windows: [{ max: 5, windowMs: MINUTE }],
        part: { key: part, max: 2, windowMs: MINUTE },
      });
      for (let n = 0; n < 10; n++) expect(await take([from(one)])).toMatchObject({ ok: true });
      for (let n = 0; n < 2; n++) expect(await take([from(other)])).toMatchObject({ ok: true });
      const direct = { name: "whole", key: whole, windows: [{ max: 5, windowMs: MINUTE }] };
      expect(await take([direct])).toMatchObject({ ok: true });
      expect(await take([from(other)])).toMatchObject({ ok: false, refusedBy: "whole" });
      expect(await take([from(one)], NOW + MINUTE)).toMatchObject({ ok: true });
    });

    test("a part counts at most its own maximum even if 30 takes of it are made at once", async () => {
      const [whole, key] = [fresh("whole"), fresh("part")];
      const part = { key, max: 3, windowMs: MINUTE };
      await parallel(30, () => take([{ name: "whole", key: whole, windows: [], part }]));
      const counted = { name: "whole", key: whole, windows: [{ max: 4, windowMs: MINUTE }] };
      expect(await take([counted])).toMatchObject({ ok: true });
      expect(await take([counted])).toMatchObject({ ok: false });
    });
  });

  describe("blocks", () => {
    const backoff = { baseMs: HOUR, windowMs: 24 * HOUR, from: 3, every: 2 };

    test("begin after so many events, let two probes through after each, and double", async () => {
      const block: Limit = { name: "block", key: fresh("key"), windows: [], backoff };
      for (let n = 0; n < 3; n++) expect(await take([block])).toMatchObject({ ok: true });
      let now = NOW;
      for (const hours of [1, 2, 4, 8]) {
        const refused = { ok: false, refusedBy: "block", retryAt: now + hours * HOUR };
        expect(await take([block], now)).toEqual(refused);
        now += hours * HOUR;
        expect(await take([block], now - 1)).toEqual(refused);
        expect(await take([block], now)).toMatchObject({ ok: true });
        expect(await take([block], now)).toMatchObject({ ok: true });
      }
    });

    test("end when enough events are forgiven, the oldest first", async () => {
      const key = fresh("key");
      const block: Limit = { name: "block", key, windows: [], backoff };
      for (let n = 0; n < 3; n++) await take([block], NOW + n * SECOND);
      expect(await take([block], NOW + MINUTE)).toMatchObject({ ok: false });
      await store().forgive([key, fresh("unknown")], 1);
      expect(await take([block], NOW + MINUTE)).toMatchObject({ ok: true });
      expect(await take([block], NOW + MINUTE)).toMatchObject({ ok: false });
      await store().forgive([key], 9);
      await store().forgive([key], 1);
      for (let n = 0; n < 3; n++) expect(await take([block], NOW + MINUTE)).toMatchObject({ ok: true });
    });
  });
}
