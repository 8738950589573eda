import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { estimate, type PriceTable, priceOf } from "../../../../src/core/protection/budgets/prices.ts";
import { createSettlePrice } from "../../../../src/core/protection/budgets/settle.ts";
import type { MoneySettings } from "../../../../src/core/protection/budgets/spend.ts";
import type { Captcha } from "../../../../src/core/protection/challenges/ports.ts";
import type { Sum } from "../../../../src/core/protection/limits/ports.ts";
import { aMessage } from "../../../contracts/samples.ts";
import { createTestVerifier, solved } from "../../../support/challenges.ts";
import { createRules, DAY, HOUR, MINUTE, NO_LIMITS, type Rules } from "../../rules.ts";

const PRICES: PriceTable = {
  currency: "CNY",
  free: ["console"],
  prices: [
    { country: "CN", micros: 50_000 },
    { country: "US", micros: 300_000 },
    { sender: "tencent", country: "CN", micros: 40_000 },
    { sender: "tencent", micros: 200_000 },
  ],
};

describe("the price of a message", () => {
  test.each([
    ["by sender and country", "tencent", "CN", 40_000],
    ["by sender before country", "tencent", "US", 200_000],
    ["by country", "other", "US", 300_000],
    ["the highest if it is not set", "other", "GB", 300_000],
    ["the highest without a country", "other", "", 300_000],
    ["0 for a free sender", "console", "US", 0],
  ])("%s", (_, sender, country, micros) => {
    expect(priceOf(PRICES, sender, country)).toBe(micros);
  });

  test("is 0 if no price is set", () => {
    expect(priceOf({ ...PRICES, prices: [] }, "other", "GB")).toBe(0);
  });
});

test("before it is sent, a message counts on the first sender of its route, at the highest price of the route", () => {
  const counted = (names: readonly string[], country: string) =>
    estimate(
      { route: names.map((name) => ({ name })), settings: { money: money({ prices: PRICES }) } },
      country,
    );
  expect(counted(["tencent"], "CN")).toEqual({ sender: "tencent", price: 40_000 });
  expect(counted(["tencent", "other"], "CN")).toEqual({ sender: "tencent", price: 50_000 });
  expect(counted(["other", "tencent"], "CN")).toEqual({ sender: "other", price: 50_000 });
  expect(counted(["tencent", "other"], "US")).toEqual({ sender: "tencent", price: 300_000 });
});

let rules: Rules;
afterEach(() => rules?.close());

const NONE = { byCountry: {}, bySender: {} };
/** Ten messages an hour. */
const money = (over: Partial<MoneySettings> = {}): MoneySettings => ({
  prices: { currency: "CNY", free: [], prices: [{ micros: 50_000 }] },
  hour: { ...NONE, total: 500_000 },
  day: NONE,
  ...over,
});

async function open(
  settings: MoneySettings,
  isThirdParty?: boolean,
  state: "memory" | "database" = "memory",
) {
  const { verifier } = createTestVerifier("turnstile", isThirdParty);
  rules = await createRules({
    state,
    settings: { limits: NO_LIMITS, money: settings },
    ...(isThirdParty !== undefined && { challenges: { verifier, when: "risk" } }),
  });
  const start = async (n: number, captcha?: Captcha) => {
    const phone = `+861380013${String(n).padStart(4, "0")}`;
    const input = { phone, purpose: "sign_in", locale: "en", client: {} } as const;
    const started = await rules.phonekey().verifications.start({ ...input, ...(captcha && { captcha }) });
    return started.ok ? "sent" : started.refusal.code;
  };
  const startMany = async (count: number, from: number) => {
    const outcomes: string[] = [];
    for (let n = from; n < from + count; n++) outcomes.push(await start(n));
    return outcomes.filter((outcome) => outcome === "sent").length;
  };
  return { start, startMany };
}

describe.each(["memory", "database"] as const)("a budget (%s)", (state) => {
  test("is never exceeded, refills continuously, and survives a restart", async () => {
    const { startMany } = await open(money(), undefined, state);
    expect(await startMany(4, 0)).toBe(4);
    rules.clock.advance(30 * MINUTE);
    expect(await startMany(20, 100)).toBe(6);
    await rules.restart();
    expect(await startMany(5, 200)).toBe(0);
    rules.clock.advance(31 * MINUTE);
    expect(await startMany(20, 300)).toBe(4);
    rules.clock.advance(30 * MINUTE);
    expect(await startMany(20, 400)).toBe(6);
  });

  test("lets ten of 50 starts at once through", async () => {
    const { start } = await open(money(), undefined, state);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => start(n)));
    expect(outcomes.filter((outcome) => outcome === "sent")).toHaveLength(10);
    expect(rules.sms.sent).toHaveLength(10);
  });
});

describe("a budget that is used up", () => {
  test("still lets known devices through, and counts them", async () => {
    const { start, startMany } = await open(money());
    const { client } = await rules.knownDevice();
    await startMany(20, 0);
    expect(await start(100)).toBe("too_many_requests");
    expect(await rules.start(client)).toHaveProperty("id");
    rules.clock.advance(HOUR + MINUTE);
    for (let n = 0; n < 4; n++) expect(await rules.start(client)).toHaveProperty("id");
    expect(await startMany(20, 200)).toBe(6);
  });

  test("lets a tenth more through with solutions of a third party's captcha, not of a proof of work", async () => {
    const third = await open(money(), true);
    expect(await third.startMany(10, 0)).toBe(10);
    expect(await third.start(10)).toBe("captcha_required");
    expect(await third.start(11, solved("a"))).toBe("sent");
    expect(await third.start(12, solved("b"))).toBe("too_many_requests");
    await rules.close();

    const work = await open(money(), false);
    expect(await work.startMany(10, 0)).toBe(10);
    expect(await work.start(10)).toBe("too_many_requests");
    expect(await work.start(11, solved("a"))).toBe("too_many_requests");
  });

  test("of a country or a sender refuses further messages of its own", async () => {
    const country = await open(money({ hour: { byCountry: { CN: 100_000, US: 900_000 }, bySender: {} } }));
    expect(await country.startMany(5, 0)).toBe(2);
    await rules.close();
    const sender = await open(
      money({ hour: NONE, day: { byCountry: {}, bySender: { test: 150_000, other: 1 } } }),
    );
    expect(await sender.startMany(5, 0)).toBe(3);
    rules.clock.advance(DAY / 2);
    expect(await sender.startMany(5, 10)).toBe(0);
  });
});

describe("what a message has cost in the end", () => {
  test.each([
    ["as it was counted", "first", undefined, 50_000, []],
    ["twice as much in two parts", "first", 2, 100_000, [["first", -50_000, 100_000]]],
    [
      "the same by another sender",
      "second",
      undefined,
      50_000,
      [
        ["first", -50_000],
        ["second", 50_000],
      ],
    ],
    [
      "two parts by another sender",
      "second",
      2,
      100_000,
      [
        ["first", -50_000],
        ["second", 100_000],
      ],
    ],
  ] as const)("is corrected on its sender's budget: %s", async (_, sender, fee, price, expected) => {
    const corrected: Sum[] = [];
    const settlePrice = createSettlePrice({
      limits: { correct: async (sums) => void corrected.push(...sums) },
      settings: {
        money: money({ hour: NONE, day: { byCountry: {}, bySender: { first: 1, second: 1 } } }),
      },
    });
    const message = aMessage({
      sender: "first",
      price: 50_000,
      traffic: { country: "CN", prefixTag: "prefix" },
    });
    const settled = settlePrice(message, { sender, status: "accepted", ...(fee && { fee }) });
    expect(settled.price).toBe(price);
    await settled.correct();
    const amounts = expected.flatMap(([name, ...each]) =>
      each.map((amount) => {
        return { key: `spend:sender:${name}`, windowMs: DAY, at: message.createdAt, amount };
      }),
    );
    expect(corrected).toEqual(amounts);
  });

  test("is nothing if no sender took it: its price is given back", async () => {
    const { start, startMany } = await open(money());
    rules.sms.answer({ status: "unavailable" });
    for (let n = 0; n < 30; n++) expect(await start(n)).toBe("sms_unavailable");
    rules.sms.answer({ status: "unknown" });
    expect(await startMany(30, 100)).toBe(10);
    const { price } = await rules.database.db
      .selectFrom("messages")
      .select((eb) => eb.fn.sum<number>("price").as("price"))
      .executeTakeFirstOrThrow();
    expect(Number(price)).toBe(500_000);
  });

  test("T10: with half of the cycles faked as complete, no more than the budget of each hour", async () => {
    await open(money());
    const spent: number[] = [];
    for (let n = 0; n < 300; n++) {
      const phone = `+8613800${String(100_000 + n * 37).slice(-6)}`;
      const started = await rules.start({}, phone);
      if (typeof started !== "string") {
        spent.push(rules.clock.now());
        if (n % 2) await rules.guess(started.id, await rules.codeOf(started.id));
      }
      rules.clock.advance(MINUTE);
    }
    const inAnHour = spent.map((end) => spent.filter((at) => at > end - HOUR && at <= end).length);
    expect(Math.max(...inAnHour)).toBe(10);
  });
});

test("in any sequence of sends, refusals and restarts no hour and no day costs more than its budget", async () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 20 * MINUTE }),
    status: fc.constantFrom("accepted", "accepted", "unknown", "bad_number", "unavailable"),
    restart: fc.nat({ max: 15 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: "max" }), async (steps) => {
      const { start } = await open(money({ day: { ...NONE, total: 900_000 } }));
      const paid: number[] = [];
      for (const [n, { waitMs, status, restart }] of steps.entries()) {
        rules.clock.advance(waitMs);
        if (restart === 0) await rules.restart();
        rules.sms.answer({ status } as { status: "accepted" });
        if ((await start(n)) === "sent") paid.push(rules.clock.now());
      }
      await rules.close();
      for (const [windowMs, max] of [
        [HOUR, 10],
        [DAY, 18],
      ] as const) {
        for (const end of paid) {
          expect(paid.filter((at) => at > end - windowMs && at <= end).length).toBeLessThanOrEqual(max);
        }
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);
