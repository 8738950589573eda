import { afterEach, describe, expect, test } from "vitest";
import { createTurns } from "../../../../src/adapters/sql/maintenance/turns.ts";
import { createBaselineStore } from "../../../../src/adapters/sql/protection/baselines.ts";
import { createTrafficStore } from "../../../../src/adapters/sql/protection/traffic-store.ts";
import { systemRandom } from "../../../../src/adapters/system/random.ts";
import { numbersSubject, shareLimits } from "../../../../src/core/protection/budgets/shares.ts";
import { type MoneySettings, spendLimits } from "../../../../src/core/protection/budgets/spend.ts";
import type { Captcha } from "../../../../src/core/protection/challenges/ports.ts";
import { learn } from "../../../../src/core/protection/guard/learn.ts";
import { createTestVerifier, solved } from "../../../support/challenges.ts";
import { createRules, DAY, HOUR, MINUTE, NO_LIMITS, type Rules, type RulesOptions } from "../../rules.ts";

const PRICE = 50_000;
const ESTIMATE = { sender: "test", price: PRICE };
const NONE = { byCountry: {}, bySender: {} };
const NOBODY = { countries: [], prefixes: [], networkBits: [] } as const;

/** Budgets of so many messages. */
const money = (hour: number | undefined, day?: number): MoneySettings => ({
  prices: { currency: "CNY", free: [], prices: [{ micros: PRICE }] },
  hour: { ...NONE, ...(hour !== undefined && { total: hour * PRICE }) },
  day: { ...NONE, ...(day !== undefined && { total: day * PRICE }) },
});

let rules: Rules;
afterEach(() => rules.close());

interface Options extends Pick<RulesOptions, "state" | "challenges"> {
  readonly hour?: number;
  readonly day?: number;
  readonly guard?: "enforce" | "off";
}

/** Opens rules where people of these networks signed in more than a day ago, so many numbers in each network. */
async function open(networks: readonly number[], { hour = 100, day, guard = "off", ...more }: Options = {}) {
  rules = await createRules({
    state: "memory",
    ...more,
    settings: {
      limits: NO_LIMITS,
      guard: { mode: guard, allow: NOBODY },
      money: money(hour, day),
    },
  });
  for (const [network, count] of networks.entries()) {
    for (let n = 0; n < count; n += 1)
      await signIn(people(network, n), `+8613700${pad(network, 2)}${pad(n, 4)}`);
  }
  rules.clock.advance(DAY + 2 * HOUR);
  await learnAll();
}

async function learnAll(): Promise<void> {
  const { database, clock } = rules;
  const stores = { traffic: createTrafficStore(database), baselines: createBaselineStore(database) };
  await learn({ ...stores, turns: createTurns(database), clock, random: systemRandom });
}

async function signIn(addressKey: string, phone: string): Promise<void> {
  const client = { addressKey };
  const { id, code } = await rules.started(client, phone);
  const input = { verificationId: id, code, client, userAgent: "test" };
  expect((await rules.phonekey().signIn.byCode(input)).ok).toBe(true);
  rules.clock.advance(10 * MINUTE);
}

const pad = (n: number, digits: number) => String(n).padStart(digits, "0");
const people = (network: number, n = 0) => `10.7.${network}.${n % 250}`;
const elsewhere = (n: number) => `10.${100 + (n >> 8)}.${n & 255}.7`;

let next = 0;
/** A start for a number that nobody asked for before, in a range of its own. */
async function ask(addressKey: string, captcha?: Captcha): Promise<string> {
  next += 1;
  const phone = `+86138${pad(next, 4)}0001`;
  const started = await rules.phonekey().verifications.start({
    ...{ phone, purpose: "sign_in", locale: "en", client: { addressKey } },
    ...(captcha && { captcha }),
  });
  return started.ok ? "sent" : started.refusal.code;
}

/** How many of so many starts are let through. */
async function sent(count: number, from: (n: number) => string): Promise<number> {
  let through = 0;
  for (let n = 0; n < count; n += 1) if ((await ask(from(n))) === "sent") through += 1;
  return through;
}

describe.each(["memory", "database"] as const)("strangers from unknown networks (%s)", (state) => {
  test("get three fifths of the budget, and nothing of what is kept for networks where people signed in", async () => {
    await open([1, 1], { hour: 20, state });
    expect(await sent(30, elsewhere)).toBe(12);
    expect(await ask(people(0))).toBe("sent");
    expect(await ask(people(1))).toBe("sent");
    expect(rules.decisions.at(-1)).toMatchObject({ decision: "allow", exceeded: ["spend_hour"] });
    expect(await ask(elsewhere(0))).toBe("too_many_requests");
  });

  test("together with all shares get no more than the budget, even if 60 ask at once", async () => {
    await open([1, 1], { hour: 20, state });
    const asked = Array.from({ length: 60 }, (_, n) => ask(n % 2 ? elsewhere(n) : people(n % 4 ? 0 : 1)));
    const outcomes = await Promise.all(asked);
    expect(outcomes.filter((outcome) => outcome === "sent")).toHaveLength(20);
  });
});

describe("a share", () => {
  test("is three times the part of all numbers that signed in from the network", async () => {
    await open([1, 19], { hour: 100 });
    expect(await sent(70, elsewhere)).toBe(60);
    // A twentieth of the numbers.
    expect(await sent(30, () => people(0))).toBe(15);
    expect(await ask(people(1))).toBe("sent");
  });

  test("is three messages at least, however few the numbers are", async () => {
    await open([1, 19], { hour: 10 });
    await sent(20, elsewhere);
    expect(await sent(10, () => people(0))).toBe(3);
    expect(await ask(people(1))).toBe("sent");
  });

  test("applies to the day's budget as well, and is free again when its window is over", async () => {
    await open([1, 19], { hour: 1_000, day: 60 });
    expect(await sent(50, elsewhere)).toBe(36);
    expect(await sent(20, () => people(0))).toBe(9);
    rules.clock.advance(2 * HOUR);
    expect(await ask(people(0))).toBe("too_many_requests");
    rules.clock.advance(DAY);
    expect(await ask(people(0))).toBe("sent");
  });

  test("is not refilled by a restart without the limit store (promise 2)", async () => {
    await open([1, 19], { hour: 10 });
    await sent(20, elsewhere);
    expect(await sent(10, () => people(0))).toBe(3);
    await rules.restart();
    expect(await ask(people(0))).toBe("too_many_requests");
  });

  test("is not given to callers without an address, and nothing is kept if no network has one", async () => {
    await open([], { hour: 10 });
    expect(await sent(20, elsewhere)).toBe(10);
    await rules.close();
    await open([2], { hour: 10 });
    const asked = Array.from({ length: 20 }, (_, n) => rules.start({}, `+861390001${pad(n, 4)}`));
    expect((await Promise.all(asked)).filter((each) => typeof each !== "string")).toHaveLength(6);
  });

  test("does not concern known devices, even if everything is used up", async () => {
    await open([1, 1], { hour: 10 });
    const { client } = await rules.knownDevice();
    await sent(30, elsewhere);
    await sent(30, (n) => people(n % 2));
    expect(await rules.start(client)).toHaveProperty("id");
  });

  test("asks for a challenge first; a solution of a third party's opens a tenth more", async () => {
    const third = createTestVerifier("turnstile");
    await open([1, 19], { hour: 10, challenges: { verifier: third.verifier, when: "risk" } });
    expect(await sent(20, elsewhere)).toBe(6);
    expect(await ask(elsewhere(1))).toBe("captcha_required");
    expect(await ask(elsewhere(2), solved("a"))).toBe("sent");
    expect(await ask(elsewhere(3), solved("b"))).toBe("too_many_requests");
    expect(await ask(people(1))).toBe("captcha_required");
    for (const id of ["c", "d", "e", "f"]) expect(await ask(people(1), solved(id))).toBe("sent");
    expect(await ask(people(1), solved("g"))).toBe("too_many_requests");
    await rules.close();

    const work = createTestVerifier("turnstile", false);
    await open([1, 19], { hour: 10, challenges: { verifier: work.verifier, when: "risk" } });
    await sent(20, elsewhere);
    expect(await ask(elsewhere(1))).toBe("too_many_requests");
    expect(await ask(people(1))).toBe("captcha_required");
    for (const id of ["a", "b", "c"]) expect(await ask(people(0), solved(id))).toBe("sent");
    expect(await ask(people(0), solved("d"))).toBe("too_many_requests");
    // No challenge is asked for if the share is used up.
    expect(await ask(people(0))).toBe("too_many_requests");
  });
});

describe("a network where people signed in, and that an attacker uses, too", () => {
  test("is not blocked before its share is used up", async () => {
    await open([1, 19], { hour: 1_000, guard: "enforce" });
    expect(await sent(300, (n) => people(0, n))).toBe(60 + 150);
    expect(await ask(people(1))).toBe("sent");
  });

  test("is blocked at 60 messages if nobody signed in from it, and one of its addresses at 20", async () => {
    await open([1, 1], { hour: 1_000, guard: "enforce" });
    expect(await sent(100, (n) => `10.9.9.${n}`)).toBe(60);
    expect(await sent(100, () => "10.9.8.1")).toBe(20);
  });

  test("T10: can send no more to one range than another network", async () => {
    await open([1, 1], { hour: 1_000, guard: "enforce" });
    const numbers = Array.from({ length: 60 }, (_, n) => `+861390001${pad(n, 4)}`);
    let through = 0;
    for (const [n, phone] of numbers.entries()) {
      if (typeof (await rules.start({ addressKey: people(0, n) }, phone)) !== "string") through += 1;
    }
    expect(through).toBe(10);
  });
});

describe("what is learned of networks", () => {
  const numbers = async (limit = 9) =>
    (await createTrafficStore(rules.database).numbers(rules.clock.now() - 14 * DAY, limit)).map(
      ({ count }) => count,
    );

  test("is how many numbers signed in last from each: a number counts for one network only", async () => {
    await open([3, 1]);
    expect(await numbers()).toEqual([4, 3, 1]);
    // The only number of the second network goes round eight others.
    for (let n = 0; n < 8; n += 1) {
      await signIn(elsewhere(n), "+8613700010000");
    }
    expect(await numbers()).toEqual([4, 3, 1]);
    expect(await numbers(1)).toEqual([4, 3]);
  });

  test("leaves out messages that were not approved, and ends after two weeks", async () => {
    await open([1]);
    for (let n = 0; n < 5; n += 1) await ask(elsewhere(n));
    expect(await numbers()).toEqual([1, 1]);
    rules.clock.advance(14 * DAY);
    expect(await numbers()).toEqual([0]);
  });
});

test("a backend may use the whole budget, and strangers have a share only if their network has a part", async () => {
  rules = await createRules();
  const caller = {
    phoneTag: "k.tag",
    bucket: "stranger",
    traffic: { country: "CN", prefixTag: "p", networkTag: "n" },
    standing: { name: "exempt" },
    isTrusted: false,
  } as const;
  const learned = (subject: string) => (subject === numbersSubject() ? 4 : undefined);
  const most = (of: Parameters<typeof spendLimits>[1]) =>
    spendLimits(money(10), of, ESTIMATE, learned).map(({ windows }) => (windows[0]?.max ?? 0) / PRICE);
  expect(most(caller)).toEqual([6]);
  expect(most({ ...caller, backend: { client: "shop", sends: [], spend: {} } })[0]).toBe(10);
  expect(shareLimits(money(10), caller, ESTIMATE, learned)).toEqual([]);
  // If the network has a part, strangers count under it, and known devices do not.
  expect(shareLimits(money(10), caller, ESTIMATE, () => 4)).toHaveLength(1);
  expect(shareLimits(money(10), { ...caller, bucket: "device" }, ESTIMATE, () => 4)).toEqual([]);
});
