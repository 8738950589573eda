import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTrafficStore } from "../../../../src/adapters/sql/protection/traffic-store.ts";
import { systemRandom } from "../../../../src/adapters/system/random.ts";
import { newApiKey } from "../../../../src/core/backend/api-key.ts";
import type { Message } from "../../../../src/core/delivery/ports.ts";
import { grown } from "../../../../src/core/protection/guard/learn.ts";
import { createLearned } from "../../../../src/core/protection/guard/learned.ts";
import type { Baseline } from "../../../../src/core/protection/guard/ports.ts";
import { aMessage, DAY, MINUTE } from "../../../contracts/samples.ts";
import { type Maintained, openMaintained } from "../../../maintenance/fixtures.ts";

const WEEK = 7 * DAY;

describe("a threshold that is learned", () => {
  const learned = (known: number, count: number, ms: number) =>
    grown({ subject: "total", count }, { subject: "total", value: known, updatedAt: 0 }, ms)[0]?.value;

  test("grows by a tenth a week at most, towards what is usual and no further", () => {
    expect(learned(1_000, 5_000, WEEK)).toBeCloseTo(1_100);
    expect(learned(1_000, 1_050, WEEK)).toBe(1_050);
    expect(learned(2_000, 1_000, WEEK)).toBe(1_000);
  });

  test("begins at its fixed bound, once traffic exceeds that", () => {
    expect(grown({ subject: "prefix:p", count: 500 }, undefined, 7)).toEqual([
      { subject: "prefix:p", value: 40, updatedAt: 7 },
    ]);
    expect(grown({ subject: "prefix:p", count: 40 }, undefined, 7)).toEqual([]);
    expect(grown({ subject: "nothing:p", count: 40 }, undefined, 7)).toEqual([]);
  });

  test("does not depend on how often it is learned", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: DAY }), { minLength: 1, maxLength: 30, size: "max" }),
        (steps) => {
          let known = { subject: "total", value: 1_000, updatedAt: 0 };
          let now = 0;
          for (const step of steps) {
            now += step;
            known = grown({ subject: "total", count: 9_999 }, known, now)[0] ?? known;
          }
          expect(known.value).toBeCloseTo(1_000 * 1.1 ** (now / WEEK), 6);
        },
      ),
    );
  });
});

test("learned thresholds stay in use while they cannot be read, and are read again a minute later", async () => {
  const known = (value: number) => async (): Promise<readonly Baseline[]> => [
    { subject: "total", value, updatedAt: 0 },
  ];
  const away = new Error("away");
  const reads = [known(1_000), () => Promise.reject(away), known(1_100)];
  const errors: unknown[] = [];
  let now = 0;
  const list = () => (reads.shift() ?? known(0))();
  const store = { list, replace: async () => {} };
  const learned = createLearned(store, { now: () => now }, (error) => void errors.push(error));
  const values: (number | undefined)[] = [];
  for (const at of [0, MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE]) {
    now = at;
    values.push((await learned())("total"));
  }
  expect(values).toEqual([1_000, 1_000, 1_000, 1_000, 1_100]);
  expect(errors).toEqual([away]);
});

describe("the record of messages", () => {
  let at: Maintained;
  beforeEach(async () => {
    at = await openMaintained();
  });
  afterEach(() => at.close());

  const TRAFFIC = { country: "CN", prefixTag: "p", addressTag: "a", networkTag: "n" } as const;
  async function add(count: number, over: Partial<Message> & { converted?: boolean } = {}) {
    const { converted = false, ...more } = over;
    for (let n = 0; n < count; n++) {
      const message = aMessage({
        createdAt: at.clock.now(),
        traffic: TRAFFIC,
        sender: "test",
        price: 100_000,
        status: "accepted",
        ...more,
      });
      await at.opened.stores.messages.create(message);
      if (converted) {
        await at.opened.database.db
          .updateTable("messages")
          .set({ converted: 1 })
          .where("id", "=", message.id)
          .execute();
      }
    }
  }
  const alerts = async () =>
    (await at.opened.stores.alertStore.standing()).map(({ kind, subject }) => `${kind} ${subject}`).sort();

  test("gives the best day and the busiest hour, only of strangers and approved messages", async () => {
    await add(12, { converted: true });
    await add(30);
    await add(30, { converted: true, bucket: "device" });
    at.clock.advance(DAY);
    await add(15, { converted: true, traffic: { country: "US", prefixTag: "q" } });
    const traffic = createTrafficStore(at.opened.database);
    expect(await traffic.bestDays(0)).toEqual(
      expect.arrayContaining([
        { subject: "address:a", count: 12 },
        { subject: "network:n", count: 12 },
        { subject: "prefix:p", count: 12 },
        { subject: "prefix:q", count: 15 },
        { subject: "country:CN", count: 12 },
        { subject: "total", count: 15 },
      ]),
    );
    expect(await traffic.busiestHours(0)).toEqual(
      expect.arrayContaining([
        { subject: "CN", count: 12 },
        { subject: "US", count: 15 },
        { subject: "", count: 15 },
      ]),
    );
  });

  test("is learned from once an hour, however often a tick runs", async () => {
    await add(50, { converted: true });
    await at.tick();
    const learned = await at.opened.stores.baselines.list();
    expect(learned).toContainEqual({ subject: "prefix:p", value: 40, updatedAt: at.clock.now() });
    expect(learned).toContainEqual({ subject: "peak-hour", value: 50, updatedAt: at.clock.now() });
    expect(learned).toContainEqual({ subject: "peak-hour:CN", value: 50, updatedAt: at.clock.now() });
    at.clock.advance(30 * MINUTE);
    await at.tick();
    expect(await at.opened.stores.baselines.list()).toEqual(learned);
    at.clock.advance(WEEK - 30 * MINUTE);
    await at.tick();
    const later = await at.opened.stores.baselines.list();
    expect(later.find(({ subject }) => subject === "prefix:p")?.value).toBeCloseTo(44, 1);
  });

  test("raises an alert at four fifths of a budget, and clears it by itself", async () => {
    await add(7);
    await at.tick();
    expect(await alerts()).toEqual([]);
    await add(1);
    await at.tick();
    expect(await alerts()).toEqual(["spend hour/total"]);
    at.clock.advance(2 * 60 * MINUTE);
    await add(2, { traffic: { ...TRAFFIC, country: "US" } });
    await at.tick();
    expect(await alerts()).toEqual(["spend hour/US"]);
    at.clock.advance(DAY + MINUTE);
    await at.tick();
    expect(await alerts()).toEqual([]);
  });

  test("raises an alert at four fifths of the budget of a backend's newest key, and clears it with the key", async () => {
    const { apiKeys } = at.opened.stores;
    const key = (day: number) =>
      newApiKey(
        { clock: at.clock, random: systemRandom },
        {
          ...{ client: "shop", purposes: ["verify_identity"], networks: [], tells: "phone", sends: [] },
          ...{ spend: { hour: 10_000_000, day }, returnTo: [], expiresAt: at.clock.now() + WEEK },
        },
      ).kept;
    await apiKeys.create(key(500_000));
    await add(3, { client: "shop" });
    await add(2, { client: "other" });
    await at.tick();
    expect(await alerts()).toEqual([]);
    await add(1, { client: "shop" });
    await at.tick();
    expect(await alerts()).toEqual(["spend day/key/shop"]);
    at.clock.advance(MINUTE);
    await apiKeys.replace(key(600_000), at.clock.now() + DAY);
    await at.tick();
    expect(await alerts()).toEqual([]);
    await add(1, { client: "shop" });
    await at.tick();
    expect(await alerts()).toEqual(["spend day/key/shop"]);
    await apiKeys.revoke("shop", at.clock.now());
    await at.tick();
    expect(await alerts()).toEqual([]);
  });

  test("T4: raises an alert before attack mode begins, not for failed or approved messages", async () => {
    await add(120, { price: 0, converted: true });
    await add(300, { price: 0, status: "failed" });
    await add(359, { price: 0 });
    await at.tick();
    expect(await alerts()).toEqual([]);
    await add(1, { price: 0 });
    await at.tick();
    expect(await alerts()).toEqual(["attack CN"]);
    at.clock.advance(DAY + MINUTE);
    await at.tick();
    expect(await alerts()).toEqual([]);
  });
});
