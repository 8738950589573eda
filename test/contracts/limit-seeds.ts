import { describe, expect, test } from "vitest";
import type { LimitStore } from "../../src/core/protection/limits/ports.ts";
import { aLimit, request } from "./limit-requests.ts";
import { fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

/** The part of the contract of `LimitStore` about restoring what a store has lost. */
export function seedSuite(store: () => LimitStore): void {
  describe("seed", () => {
    const passes = async (key: string, max: number) =>
      (await store().take(request([aLimit(key, max)]), NOW)).ok;

    test("adds what is missing, leaves what is there as it is, and remembers the epoch", async () => {
      const epoch = fresh("epoch");
      const key = fresh("key");
      const counted = request([aLimit(key, 10)]);
      await store().take(counted, NOW);
      expect(await store().seeded(epoch)).toBe(false);
      const events = [
        { key, member: counted.member, at: NOW - MINUTE },
        { key, member: fresh("member"), at: NOW - 30 * SECOND },
        { key, member: fresh("member"), at: NOW - 2 * MINUTE },
      ];
      await parallel(3, () => store().seed(epoch, [{ events }]));
      expect(await store().seeded(epoch)).toBe(true);
      expect(await store().seeded(fresh("epoch"))).toBe(false);
      expect(await store().take(request([aLimit(key, 2)]), NOW)).toEqual({
        ok: false,
        refusedBy: "sends",
        retryAt: NOW + 30 * SECOND,
      });
      expect(await passes(key, 3)).toBe(true);
    });

    test("until it is done, a take for its epoch is refused and counts nothing", async () => {
      const epoch = fresh("epoch");
      const key = fresh("key");
      const wanted = request([aLimit(key, 1)], { epoch });
      expect(await store().take(wanted, NOW)).toEqual({ ok: false, refusedBy: "unseeded", retryAt: NOW });
      await store().seed(epoch, []);
      expect(await store().take(wanted, NOW)).toMatchObject({ ok: true });
    });

    test("that fails half-way leaves the store unseeded, and can be repeated from the beginning", async () => {
      const epoch = fresh("epoch");
      const key = fresh("key");
      const pages = [0, 1].map((page) => ({
        events: [0, 1, 2].map((n) => ({ key, member: `${key}.${page}.${n}`, at: NOW })),
      }));
      const half = (async function* () {
        yield pages[0] ?? { events: [] };
        throw new Error("killed");
      })();
      await expect(store().seed(epoch, half)).rejects.toThrow("killed");
      expect(await store().seeded(epoch)).toBe(false);
      const refused = await store().take(request([aLimit(key, 99)], { epoch }), NOW);
      expect(refused).toMatchObject({ ok: false, refusedBy: "unseeded" });
      await parallel(2, () => store().seed(epoch, pages));
      expect(await store().take(request([aLimit(key, 6)], { epoch }), NOW)).toMatchObject({ ok: false });
      expect(await store().take(request([aLimit(key, 7)], { epoch }), NOW)).toMatchObject({ ok: true });
    });

    test("takes thousands of events, or none", async () => {
      const key = fresh("key");
      const at = NOW - SECOND;
      const events = Array.from({ length: 5_000 }, (_, index) => ({ key, member: `${key}.${index}`, at }));
      await store().seed(fresh("epoch"), [{ events }]);
      expect(await passes(key, 5_000)).toBe(false);
      expect(await passes(key, 5_001)).toBe(true);
      const empty = fresh("epoch");
      await store().seed(empty, []);
      expect(await store().seeded(empty)).toBe(true);
    });
  });
}
