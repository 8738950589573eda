import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../src/adapters/memory/limits.ts";
import type { Key } from "../../src/core/keys.ts";
import type { Phone } from "../../src/core/phone.ts";
import { isAllowed } from "../../src/core/protection/allow.ts";
import type { Standing } from "../../src/core/protection/challenges.ts";
import { guardChecks, guardKeys } from "../../src/core/protection/guard.ts";
import {
  guessChecks,
  LIMIT_KEYS,
  type LimitCaller,
  type LimitSettings,
  limitChecks,
  messageKeys,
  runningRequest,
  solutionChecks,
  tooMany,
} from "../../src/core/protection/limits.ts";
import type { LimitCheck } from "../../src/core/protection/ports.ts";
import {
  sendChecks as allChecks,
  type ProtectionSettings,
  takeBack,
} from "../../src/core/protection/sends.ts";
import { trafficOf } from "../../src/core/protection/traffic.ts";
import { DAY, HOUR, MINUTE, PHONE, SECOND } from "./times.ts";

const DEFAULTS: LimitSettings = {
  phoneSends: [
    { max: 5, windowMs: HOUR },
    { max: 10, windowMs: DAY },
  ],
  addressSends: [{ max: 10, windowMs: HOUR }],
  addressChecks: [{ max: 300, windowMs: 5 * MINUTE }],
  deviceSends: [{ max: 5, windowMs: HOUR }],
  prefixSends: [{ max: 20, windowMs: HOUR }],
  countrySends: "learned",
  totalSends: "learned",
  resendMs: 30 * SECOND,
};
const STRANGER: LimitCaller = {
  phoneTag: "key.tag",
  bucket: "stranger",
  traffic: { country: "CN", prefixTag: "prefix", addressTag: "address", networkTag: "network" },
  standing: { name: "exempt" },
  isTrusted: false,
};
const DEVICE: LimitCaller = { ...STRANGER, bucket: "device", holder: "device:id" };
const NOW = 1_800_000_000_000;
const nothingLearned = () => undefined;
const sendChecks = (settings: LimitSettings, caller: LimitCaller) =>
  limitChecks(settings, caller, nothingLearned);

/** A check as one line: its name, `max/window` of each window, and its key. */
function line({ name, key, windows, backoff }: LimitCheck): string {
  const shown = windows.map(({ max, windowMs }) => `${max}/${windowMs / MINUTE}m`).join(",") || "-";
  const waits = backoff ? ` ${backoff.baseMs / SECOND}s in ${backoff.windowMs / MINUTE}m` : "";
  return `${name} ${shown}${waits} ${key}`;
}

const table = (caller: LimitCaller, changed: Partial<LimitSettings> = {}) =>
  sendChecks({ ...DEFAULTS, ...changed }, caller).map(line);

describe("the limits on a message", () => {
  test("for a stranger", () => {
    expect(table(STRANGER)).toEqual([
      "resend - 30s in 60m unconverted:stranger:key.tag",
      "strangers 6/1440m unconverted:stranger:key.tag",
      "phone_side 5/60m sends:stranger:key.tag",
      "phone 10/1440m sends:key.tag",
      "address 100/60m address-sends:address",
      "prefix 200/60m prefix-sends:prefix",
      "country 3000/60m country-sends:CN",
      "total 3000/60m total-sends",
    ]);
  });

  test("for a known device: sends and waits of its own, the longest window shared", () => {
    expect(table(DEVICE)).toEqual([
      "resend - 30s in 60m unconverted:device:key.tag",
      "phone_side 5/60m sends:device:key.tag",
      "phone 10/1440m sends:key.tag",
      "device 5/60m device-sends:device:id",
    ]);
  });

  test.each([
    ["address", 10],
    ["prefix", 20],
    ["country", 300],
    ["total", 300],
  ])("%s: a stranger is asked for a challenge at a tenth of what a solution is refused at", (limit, max) => {
    const check = (standing: Standing) =>
      sendChecks(DEFAULTS, { ...STRANGER, standing }).find(({ name }) => name === limit);
    const unsolved = check({ name: "unsolved", isThirdParty: true });
    expect(unsolved).toMatchObject({ asksCaptcha: true, windows: [{ max, windowMs: HOUR }] });
    const solved = check({ name: "solved", isThirdParty: false, checks: [] });
    expect(solved?.asksCaptcha).toBeFalsy();
    expect(solved?.windows).toEqual([{ max: 10 * max, windowMs: HOUR }]);
    expect(solved?.key).toBe(unsolved?.key);
  });

  test("the total and a country are three times their busiest hour by what was approved, or more", () => {
    const learned = (subject: string) => ({ "peak-hour": 250, "peak-hour:CN": 120 })[subject];
    const windows = limitChecks(DEFAULTS, STRANGER, learned).map(({ name, windows: [one] }) => [
      name,
      one?.max,
    ]);
    expect(windows).toContainEqual(["total", 7_500]);
    expect(windows).toContainEqual(["country", 3_600]);
  });

  test("a running request with an Idempotency-Key is one a minute", () => {
    expect(line(runningRequest("hash"))).toBe("idempotency 1/1m idempotency:hash");
  });

  test("no address, no limit on it", () => {
    const unknown = { ...STRANGER, traffic: { country: "CN", prefixTag: "prefix" } as const };
    expect(table(unknown).filter((shown) => shown.startsWith("address"))).toEqual([]);
  });

  test.each([
    ["unlimited", [], ["strangers -", "phone_side -", "phone -"]],
    ["a single window", [[20, DAY]], ["strangers 12/1440m", "phone_side -", "phone 20/1440m"]],
    [
      "three windows",
      [
        [2, MINUTE],
        [20, 7 * DAY],
        [6, HOUR],
      ],
      ["strangers 12/10080m", "phone_side 2/1m,6/60m", "phone 20/10080m"],
    ],
    ["the smallest that leaves a device something", [[2, DAY]], ["strangers 1/1440m", "phone 2/1440m"]],
    ["one message is nobody's in particular", [[1, DAY]], ["strangers 1/1440m", "phone 1/1440m"]],
    [
      "two limits on one window",
      [
        [10, DAY],
        [4, DAY],
      ],
      ["strangers 6/1440m,2/1440m", "phone 10/1440m,4/1440m"],
    ],
  ] as const)("LIMIT_PHONE_SENDS: %s", (_, windows, expected) => {
    const phoneSends = windows.map(([max, windowMs]) => ({ max, windowMs }));
    const lines = table(STRANGER, { phoneSends });
    for (const start of expected)
      expect(lines.filter((shown) => shown.startsWith(`${start} `))).toHaveLength(1);
  });

  test("unlimited still leaves the wait before a resend", () => {
    const [resend] = sendChecks({ ...DEFAULTS, phoneSends: [] }, STRANGER);
    expect(resend?.backoff).toEqual({ baseMs: 30 * SECOND, windowMs: HOUR });
  });

  test("LIMIT_ADDRESS_SENDS: unlimited lifts it, and several windows all count ten times", () => {
    expect(table(STRANGER, { addressSends: [] })).toContain("address - address-sends:address");
    const addressSends = [
      { max: 3, windowMs: MINUTE },
      { max: 50, windowMs: DAY },
    ];
    expect(table(STRANGER, { addressSends })).toContain("address 30/1m,500/1440m address-sends:address");
  });

  test("whatever the settings, strangers alone never fill the phone's longest window from two on", () => {
    for (let max = 2; max <= 1_000; max++) {
      const checks = sendChecks({ ...DEFAULTS, phoneSends: [{ max, windowMs: DAY }] }, STRANGER);
      const strangers = checks.find(({ name }) => name === "strangers")?.windows[0]?.max ?? max;
      expect(strangers).toBeGreaterThanOrEqual(1);
      expect(strangers).toBeLessThan(max);
    }
  });

  test("no key of one phone, side or address is that of another", () => {
    const callers = [
      STRANGER,
      DEVICE,
      { ...STRANGER, phoneTag: "key.other" },
      { ...STRANGER, traffic: { ...STRANGER.traffic, addressTag: "other" } },
    ];
    const keys = callers.map((caller) => new Set(sendChecks(DEFAULTS, caller).map(({ key }) => key)));
    const shared = (left: number, right: number) => [...keys[left]!].filter((key) => keys[right]!.has(key));
    expect(shared(0, 1)).toEqual(["sends:key.tag"]);
    expect(shared(0, 2)).toEqual([
      "address-sends:address",
      "prefix-sends:prefix",
      "country-sends:CN",
      "total-sends",
    ]);
    expect(shared(0, 3)).not.toContain("address-sends:address");
    expect(LIMIT_KEYS.guesses("key.tag", "device")).not.toBe(LIMIT_KEYS.guesses("key.tag", "stranger"));
  });
});

test("the limit on guesses counts the address alone", () => {
  expect(guessChecks(DEFAULTS, "address").map(line)).toEqual([
    "address_checks 300/5m address-checks:address",
  ]);
});

describe("all that a send is counted against", () => {
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
  ])("is of one shape, so that reading it is fast: %s", (_who, caller) => {
    const checks = allChecks(settings, { caller, sender: "test", idempotencyKey: "key" }, nothingLearned);
    const shapes = new Set(checks.map((check) => Object.keys(check).join()));
    expect(checks.length).toBeGreaterThan(5);
    expect([...shapes]).toHaveLength(1);
  });
});

test("who holds a verification by an address is counted on no device", () => {
  const held = sendChecks(DEFAULTS, { ...STRANGER, holder: "address:tag" });
  expect(held.map(({ name }) => name)).not.toContain("device");
});

test.each([
  ["one /24 of IPv4", "203.0.113.7", "203.0.113.250", true],
  ["another /24", "203.0.113.7", "203.0.114.7", false],
  ["one /48 of IPv6", "20010db800010001/64", "20010db80001ffff/64", true],
  ["another /48", "20010db800010001/64", "20010db800020001/64", false],
])("whoever has an address has its network: %s", async (_, one, other, isSame) => {
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
])("the guard lets %s alone where its network is allowed: %s", (addressKey, allowed) => {
  const networkBits = ["6:00100000000000010000110110111000", "4:110010110000000001110001"];
  const allow = { countries: [], prefixes: [], networkBits };
  expect(isAllowed(allow, { phone: PHONE as Phone, country: "CN", addressKey })).toBe(allowed);
});

test("solutions of challenges use up no guesses", () => {
  const checks = [...guessChecks(DEFAULTS, "address"), ...solutionChecks(DEFAULTS, "address")];
  expect(new Set(checks.map(({ key }) => key)).size).toBe(2);
});

test("a send that does not come about leaves nothing behind, on shares and budgets neither", async () => {
  const limits = createMemoryLimitStore();
  const share = { key: "share", max: 1, windowMs: DAY };
  const checks = [
    { name: "open", key: "open", windows: [{ max: 1, windowMs: DAY }], share },
    { name: "budget", key: "budget", windows: [{ max: 5, windowMs: DAY }], amount: 5 },
  ];
  const take = (member: string) => limits.take({ member, checks }, NOW);
  for (const member of ["first", "second"]) {
    expect(await take(member)).toMatchObject({ ok: true });
    await takeBack(limits, { checks, member }, NOW);
  }
  expect(await take("third")).toMatchObject({ ok: true });
  expect(await limits.take({ member: "fourth", checks: checks.slice(0, 1) }, NOW)).toMatchObject({
    refusedBy: "open",
  });
});

test("what one network may send to a range follows what was learned of the range: a quarter of it", () => {
  const learned = (subject: string) => (subject === "prefix:prefix" ? 402 : undefined);
  const blocks = guardChecks("enforce", STRANGER, learned).filter(({ backoff }) => backoff);
  const from = Object.fromEntries(blocks.map(({ name, backoff }) => [name, backoff?.from]));
  expect(from).toEqual({ guard_address: 20, guard_network: 60, guard_range: 100, guard_prefix: 402 });
});

test("what an approval takes back of the guard is what a send counts under, shares included", () => {
  const checks = guardChecks("enforce", STRANGER, nothingLearned);
  const counted = checks.flatMap(({ key, share }) => (share ? [key, share.key] : [key]));
  expect(new Set(guardKeys(STRANGER.traffic))).toEqual(new Set(counted));
});

describe("what a rebuild puts back of a phone is what a send counts under", () => {
  test.each(["stranger", "device"] as const)("for a %s", (bucket) => {
    const caller: LimitCaller = { ...STRANGER, bucket };
    const ofPhone = sendChecks(DEFAULTS, caller).filter(({ key }) => key.includes("key.tag"));
    const counted = new Set(ofPhone.map(({ key }) => key));
    expect(new Set(messageKeys(caller.phoneTag, bucket, false))).toEqual(counted);
    counted.delete(LIMIT_KEYS.unconverted(caller.phoneTag, bucket));
    expect(new Set(messageKeys(caller.phoneTag, bucket, true))).toEqual(counted);
  });
});

describe("a refusal says how long to wait, never too short", () => {
  test.each([
    [0, 1],
    [-5_000, 1],
    [1, 1],
    [999, 1],
    [1_000, 1],
    [1_001, 2],
    [29_999, 30],
    [DAY, 86_400],
  ])("free in %i ms: %i s", (inMs, seconds) => {
    expect(tooMany(5_000 + inMs, 5_000)).toEqual({
      ok: false,
      refusal: { code: "too_many_requests", retryAfterSeconds: seconds },
    });
  });
});
