import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../src/adapters/memory/limits.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { fresh, MINUTE, NOW, SECOND } from "../../contracts/samples.ts";

limitStoreContract("memory", async () => ({ store: createMemoryLimitStore(), close: async () => {} }));

const sends = (key: string, max = 1) => ({ name: "sends", key, windows: [{ max, windowMs: MINUTE }] });
const ALL = Number.MAX_SAFE_INTEGER;

describe("limits in memory", () => {
  test("keep no more events and leases than the caps in a flood of keys", async () => {
    const store = createMemoryLimitStore({ mostEvents: 100, mostLeases: 50 });
    for (let n = 0; n < 1_000; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: NOW + MINUTE };
      await store.take({ member: "m", limits: [sends(fresh("address"))], lease }, NOW);
    }
    expect(await store.sweep(ALL, ALL)).toBe(150);
  });

  test("drop by themselves what no limit looks at any more", async () => {
    const store = createMemoryLimitStore();
    for (let n = 0; n < 100; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: NOW + MINUTE };
      await store.take({ member: "m", limits: [sends(fresh("address"))], lease }, NOW);
    }
    const later = NOW + 10 * MINUTE;
    for (let n = 0; n < 100; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: later + MINUTE };
      await store.take({ member: "m", limits: [sends(fresh("address"))], lease }, later);
    }
    expect(await store.sweep(NOW + 5 * MINUTE, ALL)).toBe(0);
  });

  test("drop what is over before what still counts when they are full", async () => {
    const store = createMemoryLimitStore({ mostEvents: 3 });
    const over = fresh("over");
    await store.take({ member: "m", limits: [sends(over)] }, NOW - 10 * MINUTE);
    const [first, second] = [fresh("first"), fresh("second")];
    for (const key of [first, second, fresh("third")]) {
      await store.take({ member: "m", limits: [sends(key)] }, NOW);
    }
    expect(await store.take({ member: "n", limits: [sends(first)] }, NOW)).toMatchObject({ ok: false });
    expect(await store.take({ member: "n", limits: [sends(second)] }, NOW)).toMatchObject({ ok: false });
  });

  test("do not drop leases of the key that takes another one when they are full", async () => {
    const store = createMemoryLimitStore({ mostLeases: 1 });
    const lease = { key: fresh("guesses"), wanted: 2, cap: 3, expiresAt: NOW + MINUTE };
    const taken = [];
    for (const member of ["first", "second", "third"])
      taken.push(await store.take({ member, limits: [], lease }, NOW));
    expect(taken).toMatchObject([{ leased: 2 }, { leased: 1 }, { refusedBy: "lease" }]);
  });

  test("count again what was dropped when the clock goes back by less than a minute", async () => {
    const store = createMemoryLimitStore();
    const limit = sends(fresh("key"));
    const lease = { key: fresh("guesses"), wanted: 3, cap: 3, expiresAt: NOW + MINUTE };
    await store.take({ member: "m", limits: [limit], lease }, NOW);
    for (let n = 0; n < 20; n++) {
      const other = { ...lease, key: fresh("guesses"), expiresAt: NOW + 9 * MINUTE };
      await store.take({ member: "m", limits: [sends(fresh("other"))], lease: other }, NOW + MINUTE + 1);
    }
    const back = NOW + 30 * SECOND;
    expect(await store.take({ member: "n", limits: [limit] }, back)).toMatchObject({ refusedBy: "sends" });
    expect(await store.take({ member: "n", limits: [], lease }, back)).toMatchObject({ refusedBy: "lease" });
  });

  test("keep what was counted for a part of a limit as long as the part reaches back", async () => {
    const store = createMemoryLimitStore();
    const part = { key: fresh("part"), max: 1, windowMs: 60 * MINUTE };
    const limit = { ...sends(fresh("key"), 9), part };
    await store.take({ member: "m", limits: [limit] }, NOW);
    const later = NOW + 30 * MINUTE;
    for (let n = 0; n < 20; n++) await store.take({ member: "m", limits: [sends(fresh("other"))] }, later);
    await store.take({ member: "n", limits: [limit] }, later);
    expect(await store.take({ member: "m", limits: [sends(limit.key)] }, later)).toMatchObject({ ok: true });
  });

  test("keep what was put back for a day, even if no take has named its window yet", async () => {
    const store = createMemoryLimitStore();
    const key = fresh("key");
    await store.seed("epoch", [{ events: [{ key, member: "lost", at: NOW - 23 * 60 * MINUTE }] }]);
    for (let n = 0; n < 20; n++) await store.take({ member: "m", limits: [sends(fresh("other"))] }, NOW);
    const day = { name: "day", key, windows: [{ max: 1, windowMs: 24 * 60 * MINUTE }] };
    expect(await store.take({ member: "m", limits: [day] }, NOW + SECOND)).toMatchObject({
      refusedBy: "day",
    });
  });
});
