import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../src/adapters/memory/limits.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { fresh, MINUTE, NOW, SECOND } from "../../contracts/samples.ts";

limitStoreContract("memory", async () => ({ store: createMemoryLimitStore(), close: async () => {} }));

const sends = (key: string, max = 1) => ({ name: "sends", key, windows: [{ max, windowMs: MINUTE }] });
const ALL = Number.MAX_SAFE_INTEGER;

describe("the memory that it takes", () => {
  test("a flood over many keys keeps no more events and leases than the caps", async () => {
    const store = createMemoryLimitStore({ mostEvents: 100, mostLeases: 50 });
    for (let n = 0; n < 1_000; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: NOW + MINUTE };
      await store.take({ member: "m", checks: [sends(fresh("address"))], lease }, NOW);
    }
    expect(await store.sweep(ALL, ALL)).toBe(150);
  });

  test("forgets by itself what no limit looks at any more", async () => {
    const store = createMemoryLimitStore();
    for (let n = 0; n < 100; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: NOW + MINUTE };
      await store.take({ member: "m", checks: [sends(fresh("address"))], lease }, NOW);
    }
    const later = NOW + 10 * MINUTE;
    for (let n = 0; n < 100; n++) {
      const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: later + MINUTE };
      await store.take({ member: "m", checks: [sends(fresh("address"))], lease }, later);
    }
    expect(await store.sweep(NOW + 5 * MINUTE, ALL)).toBe(0);
  });

  test("full, lets go of what is over before what still counts", async () => {
    const store = createMemoryLimitStore({ mostEvents: 3 });
    const over = fresh("over");
    await store.take({ member: "m", checks: [sends(over)] }, NOW - 10 * MINUTE);
    const [first, second] = [fresh("first"), fresh("second")];
    for (const key of [first, second, fresh("third")]) {
      await store.take({ member: "m", checks: [sends(key)] }, NOW);
    }
    expect(await store.take({ member: "n", checks: [sends(first)] }, NOW)).toMatchObject({ ok: false });
    expect(await store.take({ member: "n", checks: [sends(second)] }, NOW)).toMatchObject({ ok: false });
  });

  test("what was put back stays for a day even if no take has told the window yet", async () => {
    const store = createMemoryLimitStore();
    const key = fresh("key");
    await store.seed("epoch", [{ events: [{ key, member: "lost", at: NOW - 23 * 60 * MINUTE }] }]);
    for (let n = 0; n < 20; n++) await store.take({ member: "m", checks: [sends(fresh("other"))] }, NOW);
    const day = { name: "day", key, windows: [{ max: 1, windowMs: 24 * 60 * MINUTE }] };
    expect(await store.take({ member: "m", checks: [day] }, NOW + SECOND)).toMatchObject({
      refusedBy: "day",
    });
  });
});
