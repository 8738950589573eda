import { describe, expect, test } from "vitest";
import type { LimitStore } from "../../src/core/protection/limits/ports.ts";
import { fresh, MINUTE, NOW, parallel } from "./samples.ts";

/** The part of the contract of `LimitStore` about guesses that are set aside. */
export function leaseSuite(store: () => LimitStore): void {
  describe("leases", () => {
    const until = NOW + 10 * MINUTE;
    const leaseOn = (key: string, wanted: number, cap: number, expiresAt = until) => ({
      member: fresh("member"),
      limits: [],
      lease: { key, wanted, cap, expiresAt },
    });

    test("100 parallel takes never hold more than the cap", async () => {
      const key = fresh("guesses");
      const taken = await parallel(100, () => store().take(leaseOn(key, 3, 8), NOW));
      const leased = taken.flatMap((each) => (each.ok ? [each.leased] : []));
      expect(leased.sort()).toEqual([2, 3, 3]);
      expect(taken.find(({ ok }) => !ok)).toEqual({ ok: false, refusedBy: "lease", retryAt: until });
    });

    test("a take that is refused may be tried again when the first lease ends", async () => {
      const key = fresh("guesses");
      await store().take(leaseOn(key, 3, 6, NOW + 2 * MINUTE), NOW);
      await store().take(leaseOn(key, 3, 6, NOW + MINUTE), NOW);
      const refused = await store().take(leaseOn(key, 1, 6), NOW);
      expect(refused).toEqual({ ok: false, refusedBy: "lease", retryAt: NOW + MINUTE });
      expect(await store().take(leaseOn(key, 1, 6), NOW + MINUTE - 1)).toMatchObject({ ok: false });
      expect(await store().take(leaseOn(key, 9, 6), NOW + MINUTE)).toMatchObject({ ok: true, leased: 3 });
    });

    test("a lease that has just ended still counts for a clock that is behind", async () => {
      const key = fresh("guesses");
      await store().take(leaseOn(key, 3, 6, NOW + MINUTE), NOW);
      expect(await store().take(leaseOn(key, 3, 6), NOW + MINUTE)).toMatchObject({ leased: 3 });
      expect(await store().take(leaseOn(key, 1, 6), NOW + MINUTE - 1)).toMatchObject({
        refusedBy: "lease",
      });
    });

    test("a member that has a lease gets no other one, and keeps it", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 9);
      await store().take(held, NOW);
      const again = { ...held, lease: { ...held.lease, wanted: 1 } };
      await expect(store().take(again, NOW)).rejects.toThrow("has a lease here");
      expect(await store().take(leaseOn(key, 9, 9), NOW)).toMatchObject({ leased: 6 });
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

    test("no take is steady while guesses may be on their way to the ledger, until their lease ends", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 9);
      const other = leaseOn(key, 1, 9, until + MINUTE);
      await store().take(held, NOW);
      await store().take(other, NOW);
      await store().release(key, held.member, 1);
      const isSteady = async (now: number) => {
        const next = leaseOn(key, 1, 9);
        const taken = await store().take(next, now);
        await store().release(key, next.member, "all");
        return taken.ok && taken.steady === true;
      };
      expect(await isSteady(NOW)).toBe(false);
      await store().release(key, held.member, "all");
      await store().release(key, other.member, 1);
      expect(await isSteady(until)).toBe(false);
      expect(await isSteady(until + MINUTE - 1)).toBe(false);
    });

    test("settle gives back in one step: own events, the oldest of others, and guesses", async () => {
      const [own, shared, guesses] = [fresh("own"), fresh("shared"), fresh("guesses")];
      const windows = [{ max: 2, windowMs: 10 * MINUTE }];
      const limit = (key: string) => ({ name: key, key, windows });
      const take = (key: string, member: string, now = NOW) =>
        store().take({ member, limits: [limit(key)] }, now);
      const held = leaseOn(guesses, 3, 3);
      await store().take({ ...held, limits: [limit(own), limit(shared)] }, NOW - 2);
      await take(own, fresh("older"), NOW - 3);
      await take(shared, fresh("newer"), NOW - 1);
      await store().settle({
        forget: { keys: [own], members: [held.member, fresh("unknown")] },
        forgive: [shared, fresh("empty")],
        release: { key: guesses, member: held.member, count: 2 },
      });
      expect(await take(own, fresh("member"))).toMatchObject({ ok: true });
      expect(await take(own, fresh("member"))).toMatchObject({ ok: false, retryAt: NOW - 3 + 10 * MINUTE });
      expect(await take(shared, fresh("member"))).toMatchObject({ ok: true });
      expect(await take(shared, fresh("member"))).toMatchObject({
        ok: false,
        retryAt: NOW - 1 + 10 * MINUTE,
      });
      expect(await store().take(leaseOn(guesses, 9, 3), NOW)).toMatchObject({ leased: 2 });
    });

    test("settle forgives the oldest of the others even on a key on which it forgets its own", async () => {
      const key = fresh("shared");
      const limits = [{ name: "shared", key, windows: [{ max: 3, windowMs: 10 * MINUTE }] }];
      const own = fresh("own");
      await store().take({ member: own, limits }, NOW - 3);
      for (const at of [NOW - 2, NOW - 1]) await store().take({ member: fresh("other"), limits }, at);
      await store().settle({
        forget: { keys: [key], members: [own] },
        forgive: [key],
        release: { key: fresh("guesses"), member: own, count: 1 },
      });
      const take = () => store().take({ member: fresh("member"), limits }, NOW);
      for (let n = 0; n < 2; n++) expect(await take()).toMatchObject({ ok: true });
      expect(await take()).toMatchObject({ ok: false, retryAt: NOW - 1 + 10 * MINUTE });
    });

    test("guesses that went to the ledger still keep takes from being steady after settle gives back the rest", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 9);
      await store().take(held, NOW);
      await store().release(key, held.member, 1);
      const nothing = { forget: { keys: [], members: [] }, forgive: [] };
      await store().settle({ ...nothing, release: { key, member: held.member, count: 2 } });
      const taken = await store().take(leaseOn(key, 9, 9), NOW);
      expect(taken).toMatchObject({ leased: 9 });
      expect(taken).not.toHaveProperty("steady");
    });

    test("that are seeded hold their guesses until they end; those that are there stay as they are", async () => {
      const [key, kept] = [fresh("guesses"), fresh("guesses")];
      const held = leaseOn(kept, 3, 9);
      await store().take(held, NOW);
      await store().release(kept, held.member, 2);
      const lost = { member: fresh("member"), amount: 3, expiresAt: until };
      const leases = [
        { ...lost, key },
        { ...lost, key, member: fresh("member"), expiresAt: NOW + MINUTE },
        { ...lost, key: kept, member: held.member },
      ];
      await parallel(3, () => store().seed(fresh("epoch"), [{ events: [], leases }]));
      expect(await store().take(leaseOn(kept, 9, 4), NOW)).toMatchObject({ leased: 3 });
      expect(await store().take(leaseOn(key, 9, 6), NOW)).toMatchObject({ ok: false, retryAt: NOW + MINUTE });
      expect(await store().take(leaseOn(key, 9, 6, until), NOW + MINUTE)).toMatchObject({ leased: 3 });
      await store().release(key, lost.member, 1);
      expect(await store().take(leaseOn(key, 9, 6), NOW + MINUTE)).toMatchObject({ leased: 1 });
    });

    test("settle may have nothing to forget and nothing to forgive", async () => {
      const key = fresh("guesses");
      const held = leaseOn(key, 3, 3);
      await store().take(held, NOW);
      const nothing = { forget: { keys: [], members: [] }, forgive: [] };
      await store().settle({ ...nothing, release: { key, member: held.member, count: 3 } });
      await store().settle({ ...nothing, release: { key, member: held.member, count: 3 } });
      expect(await store().take(leaseOn(key, 9, 3), NOW)).toMatchObject({ leased: 3 });
    });
  });
}
