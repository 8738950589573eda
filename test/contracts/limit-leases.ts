import { describe, expect, test } from "vitest";
import type { LimitStore } from "../../src/core/protection/ports.ts";
import { fresh, MINUTE, NOW, parallel } from "./samples.ts";

/** The part of the contract of `LimitStore` that is about guesses set aside. */
export function leaseSuite(store: () => LimitStore): void {
  describe("leases", () => {
    const until = NOW + 10 * MINUTE;
    const leaseOn = (key: string, wanted: number, cap: number, expiresAt = until) => ({
      member: fresh("member"),
      checks: [],
      lease: { key, wanted, cap, expiresAt },
    });

    test("100 parallel takes never hold more than the cap", async () => {
      const key = fresh("guesses");
      const taken = await parallel(100, () => store().take(leaseOn(key, 3, 8), NOW));
      const leased = taken.flatMap((each) => (each.ok ? [each.leased] : []));
      expect(leased.sort()).toEqual([2, 3, 3]);
      expect(taken.find(({ ok }) => !ok)).toEqual({ ok: false, refusedBy: "lease", retryAt: until });
    });

    test("a refused one may be tried again when the first lease ends", async () => {
      const key = fresh("guesses");
      await store().take(leaseOn(key, 3, 6, NOW + 2 * MINUTE), NOW);
      await store().take(leaseOn(key, 3, 6, NOW + MINUTE), NOW);
      const refused = await store().take(leaseOn(key, 1, 6), NOW);
      expect(refused).toEqual({ ok: false, refusedBy: "lease", retryAt: NOW + MINUTE });
      expect(await store().take(leaseOn(key, 1, 6), NOW + MINUTE - 1)).toMatchObject({ ok: false });
      expect(await store().take(leaseOn(key, 9, 6), NOW + MINUTE)).toMatchObject({ ok: true, leased: 3 });
    });

    test("release gives back some or all, once, and never more than was held", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 3);
      await store().take(held, NOW);
      await store().release(key, held.member, 1);
      expect(await store().take(leaseOn(key, 3, 3), NOW)).toMatchObject({ leased: 1 });
      await store().release(key, held.member, "all");
      await store().release(key, held.member, "all");
      await store().release(key, held.member, 5);
      await store().release(key, fresh("unknown"), 1);
      await store().release(fresh("unknown"), held.member, "all");
      expect(await store().take(leaseOn(key, 9, 3), NOW)).toMatchObject({ leased: 2 });
      expect(await store().take(leaseOn(key, 1, 3), NOW)).toMatchObject({ ok: false });
    });

    test("parallel releases of one guess each give back what was held", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 3);
      await store().take(held, NOW);
      await parallel(10, () => store().release(key, held.member, 1));
      expect(await store().take(leaseOn(key, 9, 3), NOW)).toMatchObject({ leased: 3 });
    });
  });
}
