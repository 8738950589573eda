import { describe, expect, test } from "vitest";
import type { Limit, LimitStore, TakeRequest } from "../../src/core/protection/limits/ports.ts";
import { expectFairMixture } from "./limit-model.ts";
import { fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

/** The part of the contract of `LimitStore` about counters that many requests share. */
export function crowdSuite(store: () => LimitStore): void {
  describe("counters that many share", () => {
    const shared = (key: string, max: number, name = "total"): Limit => {
      return { name, key, windows: [{ max, windowMs: MINUTE }] };
    };
    const take = (limits: readonly Limit[], more: Partial<TakeRequest> = {}, now = NOW) =>
      store().take({ member: fresh("member"), limits, ...more }, now);
    const passing = (taken: readonly { readonly ok: boolean }[]) => taken.filter(({ ok }) => ok).length;

    test.each([5, 40])("let exactly %i of 120 parallel takes pass", async (max) => {
      const limit = shared(fresh("key"), max);
      const taken = await parallel(120, () => take([limit]));
      expect(passing(taken)).toBe(max);
      const refused = { ok: false, refusedBy: "total", retryAt: NOW + MINUTE };
      expect(taken.find(({ ok }) => !ok)).toEqual(refused);
      expect(await take([limit], {}, NOW + MINUTE - 1)).toEqual(refused);
      expect(await take([limit], {}, NOW + MINUTE)).toMatchObject({ ok: true });
    });

    test("may be tried again, once full, when the first event has left the window", async () => {
      const limit = shared(fresh("key"), 12);
      for (let n = 0; n < 12; n++) {
        expect(await take([limit], {}, NOW + n * SECOND)).toMatchObject({ ok: true });
      }
      for (let n = 0; n < 12; n++) {
        const now = NOW + MINUTE + n * SECOND;
        expect(await take([limit], {}, now - 1)).toMatchObject({ ok: false, retryAt: now });
        expect(await take([limit], {}, now)).toMatchObject({ ok: true });
      }
    });

    test("always refuse with a maximum of 0", async () => {
      expect(await take([shared(fresh("key"), 0)])).toMatchObject({ refusedBy: "total" });
    });

    test("do not deadlock if parallel takes name them in different orders, and are counted all or none", async () => {
      const [a, b, own] = [shared(fresh("a"), 10), shared(fresh("b"), 25, "country"), fresh("own")];
      const plain: Limit = { name: "own", key: own, windows: [{ max: 40, windowMs: MINUTE }] };
      const orders = [
        [a, b, plain],
        [plain, b, a],
        [b, plain],
      ];
      const taken = await parallel(90, (n) => take(orders[n % 3] as Limit[]));
      const both = passing(taken.filter((_, n) => n % 3 < 2));
      const alone = passing(taken.filter((_, n) => n % 3 === 2));
      expect(both).toBeLessThanOrEqual(10);
      expect(both + alone).toBe(25);
      const rest = await parallel(30, () => take([plain]));
      expect(passing(rest)).toBe(15);
    });

    test("refuse, if full, by the first limit in order, and nothing is counted anywhere", async () => {
      const full = shared(fresh("full"), 4, "second");
      const alsoFull = shared(fresh("also"), 3, "third");
      const free = shared(fresh("free"), 5, "first");
      await parallel(4, () => take([full]));
      await parallel(3, () => take([alsoFull]));
      const lease = { key: fresh("guesses"), wanted: 2, cap: 2, expiresAt: NOW + MINUTE };
      const taken = await parallel(10, () => take([free, full, alsoFull], { lease }));
      for (const each of taken) expect(each).toMatchObject({ ok: false, refusedBy: "second" });
      expect(await take([alsoFull, full])).toMatchObject({ refusedBy: "third" });
      expect(await take([free], { lease })).toMatchObject({ ok: true, leased: 2 });
      expect(passing(await parallel(10, () => take([free])))).toBe(4);
    });

    test("count a member once on a key", async () => {
      const limit = shared(fresh("key"), 10);
      const member = fresh("member");
      const taken = await parallel(20, () => take([limit], { member }));
      expect(passing(taken)).toBe(1);
      expect(passing(await parallel(20, () => take([limit])))).toBe(9);
    });

    test("count takes without windows, and never refuse them", async () => {
      const limit = shared(fresh("key"), 6);
      const known = await parallel(18, () => take([{ ...limit, windows: [] }]));
      expect(passing(known)).toBe(18);
      expect(passing(await parallel(10, () => take([limit])))).toBe(0);
    });

    test("report an advisory limit that is full, without an effect on the binding one on its key", async () => {
      const limit = shared(fresh("key"), 8);
      const told = { ...shared(limit.key, 4, "told"), advisory: true };
      for (let n = 0; n < 7; n++) {
        const limits = n % 2 ? [told, limit] : [limit, told];
        expect(await take(limits)).toMatchObject({ ok: true });
      }
      expect(await take([limit, told])).toMatchObject({ ok: true, exceeded: ["told"] });
      expect(await take([told, limit])).toMatchObject({ ok: false, refusedBy: "total" });
      expect(await take([told])).toMatchObject({ ok: true, exceeded: ["told"] });
    });

    test("have room again for what is forgotten", async () => {
      const limit = shared(fresh("key"), 9);
      const members = Array.from({ length: 9 }, () => fresh("member"));
      await parallel(9, (n) => take([limit], { member: members[n] as string }));
      expect(await take([limit])).toMatchObject({ ok: false });
      await store().forget([limit.key], members.slice(0, 5));
      expect(passing(await parallel(10, () => take([limit])))).toBe(5);
    });

    test("count once what several seed at once", async () => {
      const epoch = fresh("epoch");
      const limit = shared(fresh("key"), 20);
      const other = shared(fresh("other"), 20);
      const events = Array.from({ length: 20 }, (_, n) => {
        const at = NOW - (n % 7) * SECOND;
        return [limit, other].map(({ key }) => ({ key, member: `${key}.${n}`, at }));
      }).flat();
      await parallel(3, () => store().seed(epoch, [{ events }]));
      const refused = { ok: false, refusedBy: "total", retryAt: NOW + MINUTE - 6 * SECOND };
      expect(await take([limit], { epoch })).toEqual(refused);
      expect(await take([other], { epoch })).toEqual(refused);
      expect(passing(await parallel(10, () => take([limit], {}, refused.retryAt)))).toBe(2);
    });

    test("let no more through than their limits allow if takes on one key have different limits", async () => {
      await expectFairMixture(store());
    });
  });
}
