import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../src/adapters/memory/limits.ts";
import type { Key } from "../../../src/core/keys.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { isAllowed } from "../../../src/core/protection/guard/allow.ts";
import { forgivenKeys, guardKeys, guardLimits } from "../../../src/core/protection/guard/guard.ts";
import type { LimitCaller } from "../../../src/core/protection/limits/send-limit.ts";
import {
  sendLimits as allLimits,
  type ProtectionSettings,
  takeBack,
} from "../../../src/core/protection/sends.ts";
import { trafficOf } from "../../../src/core/protection/traffic.ts";
import { DAY, PHONE } from "../times.ts";
import { DEFAULTS, DEVICE, NOW, nothingLearned, STRANGER } from "./limits/limit-samples.ts";

describe("the limits that a send counts on", () => {
  const budget = { total: 10_000_000, byCountry: {}, bySender: {} };
  const settings: ProtectionSettings = {
    limits: DEFAULTS,
    guard: { mode: "enforce", allow: { countries: [], prefixes: [], networkBits: [] } },
    money: { prices: { currency: "CNY", prices: [{ micros: 50_000 }], free: [] }, hour: budget, day: budget },
  };
  const unsolved: LimitCaller = { ...STRANGER, standing: { name: "unsolved", isThirdParty: true } };
  const backend = { client: "backend", sends: [], spend: { day: 1_000_000 } };

  test.each([
    ["a stranger", STRANGER],
    ["a stranger who can solve a challenge", unsolved],
    ["a known device", DEVICE],
    ["a backend", { ...STRANGER, backend }],
  ])("are objects of one shape, so that reading them is fast: %s", (_who, caller) => {
    const limits = allLimits(
      settings,
      { caller, estimate: { sender: "test", price: 50_000 }, idempotencyKey: "key" },
      nothingLearned,
    );
    const shapes = new Set(limits.map((limit) => Object.keys(limit).join()));
    expect(limits.length).toBeGreaterThan(5);
    expect([...shapes]).toHaveLength(1);
  });
});

test.each([
  ["one /24 of IPv4", "203.0.113.7", "203.0.113.250", true],
  ["another /24", "203.0.113.7", "203.0.114.7", false],
  ["one /48 of IPv6", "20010db800010001/64", "20010db80001ffff/64", true],
  ["another /48", "20010db800010001/64", "20010db800020001/64", false],
])("addresses have tags of their own, and share one of their network: %s", async (_, one, other, isSame) => {
  const key: Key = { id: "key", kind: "traffic", material: Buffer.alloc(32), activeFrom: 0 };
  const keyring = { current: async () => key };
  const [a, b] = await Promise.all([one, other].map((each) => trafficOf({ keyring }, PHONE as Phone, each)));
  expect(a?.networkTag === b?.networkTag).toBe(isSame);
  expect(a?.addressTag).not.toBe(b?.addressTag);
});

test.each([
  ["20010db800010001/64", true],
  ["20010db900010001/64", false],
  ["203.0.113.7", true],
  ["203.0.114.7", false],
])("whether the guard's allowed networks include %s: %s", (addressKey, allowed) => {
  const networkBits = ["6:00100000000000010000110110111000", "4:110010110000000001110001"];
  const allow = { countries: [], prefixes: [], networkBits };
  expect(isAllowed(allow, { phone: PHONE as Phone, country: "CN", addressKey })).toBe(allowed);
});

test("taking a send back leaves nothing counted, on parts and budgets neither", async () => {
  const store = createMemoryLimitStore();
  const part = { key: "part", max: 1, windowMs: DAY };
  const limits = [
    { name: "open", key: "open", windows: [{ max: 1, windowMs: DAY }], part },
    { name: "budget", key: "budget", windows: [{ max: 5, windowMs: DAY }], amount: 5 },
  ];
  const take = (member: string) => store.take({ member, limits }, NOW);
  for (const member of ["first", "second"]) {
    expect(await take(member)).toMatchObject({ ok: true });
    await takeBack(store, { limits, member }, NOW);
  }
  expect(await take("third")).toMatchObject({ ok: true });
  expect(await store.take({ member: "fourth", limits: limits.slice(0, 1) }, NOW)).toMatchObject({
    refusedBy: "open",
  });
});

test("the guard blocks one network on a range at a quarter of what was learned of the range", () => {
  const learned = (subject: string) => (subject === "prefix:prefix" ? 402 : undefined);
  const blocks = guardLimits("enforce", STRANGER, learned).filter(({ backoff }) => backoff);
  const from = Object.fromEntries(blocks.map(({ name, backoff }) => [name, backoff?.from]));
  expect(from).toEqual({ guard_address: 20, guard_network: 60, guard_range: 100, guard_prefix: 402 });
});

test("the guard's keys that an approval takes back are those that a send counts under, parts included", () => {
  const limits = guardLimits("enforce", STRANGER, nothingLearned);
  const counted = limits.flatMap(({ key, part }) => (part ? [key, part.key] : [key]));
  expect(new Set(guardKeys(STRANGER.traffic))).toEqual(new Set(counted));
  // Of older messages it takes back only the keys of the whole: a network's part loses only its own messages.
  expect(new Set(forgivenKeys(STRANGER.traffic))).toEqual(new Set(limits.map(({ key }) => key)));
});
