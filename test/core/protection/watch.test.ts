import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTrafficStore } from "../../../src/adapters/sql/protection/traffic-store.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { createAlerts } from "../../../src/core/alerts/alerts.ts";
import type { AlertDetail } from "../../../src/core/alerts/ports.ts";
import type { Message } from "../../../src/core/delivery/ports.ts";
import { numbersSubject } from "../../../src/core/protection/budgets/shares.ts";
import type { Budget } from "../../../src/core/protection/budgets/spend.ts";
import { watch } from "../../../src/core/protection/watch.ts";
import { addSampleKey, aMessage, MINUTE, NOW } from "../../contracts/samples.ts";
import { createTestClock, type TestClock } from "../../support/clock.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";

const HOUR = 60 * MINUTE;
const NONE: Budget = { byCountry: {}, bySender: {} };

let opened: TestDatabase;
let clock: TestClock;
let told: [what: string, about: string, detail: AlertDetail][];
beforeEach(async () => {
  clock = createTestClock(NOW);
  opened = await openTestDatabase(clock);
  await addSampleKey(opened.stores.keys);
  told = [];
});
afterEach(() => opened.close());

/** Watches as a tick does, with these budgets. */
async function watched(budgets: { readonly hour?: Budget; readonly day?: Budget } = {}): Promise<void> {
  const { baselines, apiKeys, alertStore: store } = opened.stores;
  const alerts = createAlerts({
    store,
    clock,
    random: systemRandom,
    onChange: (what, { kind, subject, detail }) => void told.push([what, `${kind} ${subject}`, detail]),
    onError: (error) => {
      throw error;
    },
  });
  await watch({
    ...{ baselines, apiKeys, alerts, clock, standing: store.standing },
    traffic: createTrafficStore(opened.database),
    settings: {
      money: { prices: { currency: "CNY", prices: [], free: [] }, hour: NONE, day: NONE, ...budgets },
    },
  });
}

/** As many messages to strangers, at a tenth of a unit each. */
async function add(count: number, over: Partial<Message> = {}): Promise<void> {
  const traffic = { country: "CN", prefixTag: "p" } as const;
  const made = {
    createdAt: clock.now(),
    traffic,
    sender: "test",
    price: 100_000,
    status: "accepted",
  } as const;
  for (let n = 0; n < count; n++) await opened.stores.messages.create(aMessage({ ...made, ...over }));
}

const learned = (subject: string, value: number) =>
  opened.stores.baselines.replace([{ subject, value, updatedAt: clock.now() }]);

describe("the alert of a budget", () => {
  test("is raised once while it stands, with what was spent, in units of the currency", async () => {
    const hour = { ...NONE, total: 1_000_000 };
    await add(8);
    for (let n = 0; n < 3; n++) {
      await watched({ hour });
      clock.advance(MINUTE);
    }
    clock.advance(HOUR);
    await watched({ hour });
    expect(told.map(([what]) => what)).toEqual(["raised", "cleared"]);
    expect(told[0]).toEqual(["raised", "spend hour/total", { spent: 0.8, budget: 1 }]);
  });

  test("is raised at four fifths of the strangers' part if the rest is kept for shares", async () => {
    await learned(numbersSubject(), 100);
    await add(4);
    await watched({ hour: { ...NONE, total: 1_000_000 } });
    expect(told).toEqual([]);
    await add(1);
    await watched({ hour: { ...NONE, total: 1_000_000 } });
    expect(told).toMatchObject([["raised", "spend hour/total", {}]]);
  });

  test("counts a whole day for a day's budget, and only its own messages for a sender's", async () => {
    const day = { ...NONE, total: 2_000_000, bySender: { other: 500_000 } };
    await add(10);
    clock.advance(12 * HOUR);
    await add(3, { sender: "other" });
    await watched({ day });
    expect(told).toEqual([]);
    await add(3, { sender: "other" });
    await watched({ day });
    expect(told).toEqual([
      ["raised", "spend day/total", { spent: 1.6, budget: 2 }],
      ["raised", "spend day/other", { spent: 0.6, budget: 0.5 }],
    ]);
  });

  test("is cleared when the budget is no longer set", async () => {
    await add(8);
    await watched({ hour: { ...NONE, total: 1_000_000 } });
    await watched();
    expect(told.map(([what, about]) => `${what} ${about}`)).toEqual([
      "raised spend hour/total",
      "cleared spend hour/total",
    ]);
  });
});

describe("the alert of an attack", () => {
  test("is raised at four fifths of the learned threshold, counted over a day", async () => {
    await learned("country:CN", 400.5);
    await add(160);
    clock.advance(23 * HOUR);
    await add(160);
    await watched();
    expect(told).toEqual([]);
    await add(1);
    await watched();
    expect(told).toEqual([["raised", "attack CN", { unapproved: 321, bound: 400 }]]);
    clock.advance(2 * HOUR);
    await watched();
    expect(told.at(-1)).toMatchObject(["cleared", "attack CN", {}]);
  });

  test("of all countries together is not reduced by a country whose messages are approved", async () => {
    const of = (country: string) => ({ traffic: { country, prefixTag: "p" } }) as Partial<Message>;
    for (const country of ["CN", "US", "DE"]) await add(239, of(country));
    await add(100, of("FR"));
    await opened.database.db
      .updateTable("messages")
      .set({ converted: 1 })
      .where("country", "=", "FR")
      .execute();
    await add(2, of("JP"));
    await watched();
    expect(told).toEqual([]);
    await add(1, of("JP"));
    await watched();
    expect(told).toEqual([["raised", "attack all", { unapproved: 720, bound: 900 }]]);
  });
});
