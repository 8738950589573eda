import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LimitStore } from "../../src/core/protection/limits/ports.ts";
import { crowdSuite } from "./limit-crowds.ts";
import { leaseSuite } from "./limit-leases.ts";
import { expectLikeModel } from "./limit-model.ts";
import { aLimit, request } from "./limit-requests.ts";
import { seedSuite } from "./limit-seeds.ts";
import { amountSuite } from "./limit-sums.ts";
import { waitSuite } from "./limit-waits.ts";
import { fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenLimitStore {
  readonly store: LimitStore;
  close(): Promise<void>;
}

/** The promises of `LimitStore`, for every store. A store that forgets by itself has nothing to sweep. */
export function limitStoreContract(
  name: string,
  open: () => Promise<OpenLimitStore>,
  { forgetsByItself = false } = {},
): void {
  describe(`${name}: limit store`, () => {
    let opened: OpenLimitStore;
    let store: LimitStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    /** Whether one more would be let through on this key with this limit; counts it if so. */
    const passes = async (key: string, max: number, now = NOW) =>
      (await store.take(request([aLimit(key, max)]), now)).ok;

    describe("windows", () => {
      test("exactly as many of 200 parallel takes pass as the limit allows", async () => {
        const limit = aLimit(fresh("key"), 7);
        const taken = await parallel(200, () => store.take(request([limit]), NOW));
        expect(taken.filter(({ ok }) => ok)).toHaveLength(7);
        expect(taken.find(({ ok }) => !ok)).toEqual({
          ok: false,
          refusedBy: "sends",
          retryAt: NOW + MINUTE,
        });
      });

      test("an event counts until exactly one window later", async () => {
        const key = fresh("key");
        expect(await passes(key, 1, NOW)).toBe(true);
        expect(await passes(key, 1, NOW + MINUTE - 1)).toBe(false);
        expect(await passes(key, 1, NOW + MINUTE)).toBe(true);
        expect(await passes(key, 1, NOW + MINUTE + 1)).toBe(false);
      });

      test("T21: nothing resets at midnight, in UTC or in China", async () => {
        for (const midnight of [Date.UTC(2026, 7, 2), Date.UTC(2026, 7, 1, 16)]) {
          const key = fresh("key");
          const before = await parallel(6, () => passes(key, 5, midnight - SECOND));
          const after = await parallel(6, () => passes(key, 5, midnight + SECOND));
          expect([...before, ...after].filter(Boolean)).toHaveLength(5);
        }
      });

      test("several windows of one limit all have to let it through", async () => {
        const windows = [
          { max: 2, windowMs: MINUTE },
          { max: 3, windowMs: 10 * MINUTE },
        ];
        const limit = { name: "phone", key: fresh("key"), windows };
        const take = (now: number) => store.take(request([limit]), now);
        expect(await take(NOW)).toMatchObject({ ok: true });
        expect(await take(NOW + 1)).toMatchObject({ ok: true });
        expect(await take(NOW + 2)).toEqual({ ok: false, refusedBy: "phone", retryAt: NOW + MINUTE });
        expect(await take(NOW + MINUTE)).toMatchObject({ ok: true });
        expect(await take(NOW + 5 * MINUTE)).toEqual({
          ok: false,
          refusedBy: "phone",
          retryAt: NOW + 10 * MINUTE,
        });
      });

      test("a limit without windows counts and never refuses", async () => {
        const key = fresh("key");
        const open = { name: "open", key, windows: [] };
        for (let n = 0; n < 5; n++)
          expect(await store.take(request([open]), NOW)).toMatchObject({ ok: true });
        expect(await passes(key, 5)).toBe(false);
        expect(await passes(key, 6)).toBe(true);
      });

      test("an event written by a clock that is ahead counts too", async () => {
        const key = fresh("key");
        expect(await passes(key, 1, NOW + SECOND)).toBe(true);
        expect(await passes(key, 1, NOW)).toBe(false);
      });

      test("a limit with a maximum of 0 always refuses", async () => {
        expect(await store.take(request([aLimit(fresh("key"), 0)]), NOW)).toMatchObject({
          refusedBy: "sends",
        });
      });
    });

    describe("all or none", () => {
      test("the first limit that refuses is named, and nothing is counted anywhere", async () => {
        const free = fresh("free");
        const full = fresh("full");
        const alsoFull = fresh("also-full");
        await passes(full, 1);
        await passes(alsoFull, 1);
        const limits = [
          aLimit(free, 5),
          aLimit(full, 1, MINUTE, "second"),
          aLimit(alsoFull, 1, MINUTE, "third"),
        ];
        for (let n = 0; n < 20; n++) {
          expect(await store.take(request(limits), NOW)).toMatchObject({ ok: false, refusedBy: "second" });
        }
        expect(await passes(free, 1)).toBe(true);
      });

      test("a refused lease counts no event, a refused limit takes no lease", async () => {
        const key = fresh("key");
        const full = fresh("full");
        const guesses = fresh("guesses");
        const lease = { key: guesses, wanted: 2, cap: 2, expiresAt: NOW + MINUTE };
        await passes(full, 1);
        const refused = await store.take(request([aLimit(full, 1)], { lease }), NOW);
        expect(refused).toMatchObject({ refusedBy: "sends" });
        expect(
          await store.take(request([aLimit(key, 1)], { lease: { ...lease, cap: 0 } }), NOW),
        ).toMatchObject({
          refusedBy: "lease",
        });
        expect(await store.take(request([aLimit(key, 1)], { lease }), NOW)).toMatchObject({
          ok: true,
          leased: 2,
        });
      });

      test("parallel takes with keys in opposite orders do not deadlock, and count on both keys or on neither", async () => {
        const [a, b] = [fresh("a"), fresh("b")];
        const there = [aLimit(a, 10), aLimit(b, 15)];
        const back = [...there].reverse();
        const taken = await parallel(60, (index) => store.take(request(index % 2 ? there : back), NOW));
        expect(taken.filter(({ ok }) => ok)).toHaveLength(10);
        expect(await passes(a, 10)).toBe(false);
        const rest = await parallel(10, () => passes(b, 15));
        expect(rest.filter(Boolean)).toHaveLength(5);
      });

      test("limits with the same key share one event", async () => {
        const key = fresh("key");
        const both = [aLimit(key, 2, MINUTE, "one"), aLimit(key, 3, MINUTE, "other")];
        expect(await store.take(request(both), NOW)).toMatchObject({ ok: true });
        expect(await passes(key, 2)).toBe(true);
        expect(await passes(key, 2)).toBe(false);
      });

      test("a member counts once on a key: of 20 parallel takes one passes", async () => {
        const key = fresh("key");
        const same = request([aLimit(key, 10)]);
        const taken = await parallel(20, () => store.take(same, NOW));
        expect(taken.filter(({ ok }) => ok)).toHaveLength(1);
        expect(taken.filter((each) => !each.ok && each.isCounted)).toHaveLength(19);
        expect(await passes(key, 2)).toBe(true);
        expect(await store.take(request([aLimit(key, 2)]), NOW)).not.toHaveProperty("isCounted");
        expect(await store.take({ ...same, limits: [aLimit(key, 2)] }, NOW)).toHaveProperty(
          "isCounted",
          true,
        );
      });
    });

    describe("backoff", () => {
      const backoff = { baseMs: 30 * SECOND, windowMs: 60 * MINUTE };

      test("doubles with each event and starts anew when the window is empty", async () => {
        const resend = { name: "resend", key: fresh("key"), windows: [], backoff };
        const take = (now: number) => store.take(request([resend]), now);
        let now = NOW;
        for (const waitMs of [30, 60, 120, 240].map((seconds) => seconds * SECOND)) {
          expect(await take(now)).toEqual({ ok: true, leased: 0, nextAt: now + waitMs });
          const refused = { ok: false, refusedBy: "resend", retryAt: now + waitMs };
          expect(await take(now)).toEqual(refused);
          expect(await take(now + waitMs - 1)).toEqual(refused);
          now += waitMs;
        }
        const later = now + backoff.windowMs;
        expect(await take(later)).toEqual({ ok: true, leased: 0, nextAt: later + 30 * SECOND });
      });

      test("if there is none, nextAt is the time of the take", async () => {
        expect(await store.take(request([aLimit(fresh("key"), 5)]), NOW)).toEqual({
          ok: true,
          leased: 0,
          nextAt: NOW,
        });
      });

      test("of 50 parallel takes one passes", async () => {
        const resend = { name: "resend", key: fresh("key"), windows: [], backoff };
        const taken = await parallel(50, () => store.take(request([resend]), NOW));
        expect(taken.filter(({ ok }) => ok)).toHaveLength(1);
      });
    });

    describe("forget", () => {
      test("takes back the named members on the named keys, and no others", async () => {
        const [key, other] = [fresh("key"), fresh("other")];
        const limits = [aLimit(key, 10), aLimit(other, 10)];
        const requests = [request(limits), request(limits), request(limits)];
        for (const each of requests) await store.take(each, NOW);
        await store.forget(
          [key, fresh("unknown")],
          [...requests.slice(0, 2).map(({ member }) => member), "x"],
        );
        await store.forget([], []);
        expect(await passes(key, 2)).toBe(true);
        expect(await passes(key, 2)).toBe(false);
        expect(await passes(other, 3)).toBe(false);
      });
    });

    leaseSuite(() => store);
    amountSuite(() => store);
    crowdSuite(() => store);
    waitSuite(() => store);
    seedSuite(() => store);

    test("exceeds no limit in any window, and answers like the model", async () => {
      await expectLikeModel(store);
    }, 120_000);
  });

  if (forgetsByItself) return;
  describe(`${name}: limit store, sweep`, () => {
    test("removes what no longer counts, a few rows a call, and nothing that still counts", async () => {
      const { store, close } = await open();
      const key = fresh("key");
      const lease = { key, wanted: 1, cap: 3, expiresAt: NOW };
      for (let n = 0; n < 3; n++) await store.take(request([aLimit(key, 9)], { lease }), NOW - MINUTE);
      const live = await store.take(
        request([aLimit(key, 9)], { lease: { ...lease, expiresAt: NOW + 1, cap: 9 } }),
        NOW,
      );
      expect(live).toMatchObject({ ok: true });
      expect(await store.sweep(NOW, 2)).toBe(2);
      let swept = 2;
      for (let last = 1; last > 0; swept += last) {
        last = await store.sweep(NOW, 2);
        expect(last).toBeLessThanOrEqual(2);
      }
      expect(swept).toBeGreaterThanOrEqual(3);
      expect(await store.take(request([aLimit(key, 1, 10 * MINUTE)]), NOW)).toMatchObject({ ok: false });
      expect(await store.take(request([aLimit(key, 2, 10 * MINUTE)]), NOW)).toMatchObject({ ok: true });
      expect(await store.take(request([], { lease: { ...lease, wanted: 9 } }), NOW)).toMatchObject({
        leased: 2,
      });
      await close();
    });
  });
}
