import { describe, expect, test } from "vitest";
import type { Standing } from "../../../../src/core/protection/challenges/judge.ts";
import { guessLimits, solutionLimits } from "../../../../src/core/protection/limits/attempts.ts";
import { tooMany } from "../../../../src/core/protection/limits/count-event.ts";
import type { LimitCaller } from "../../../../src/core/protection/limits/send-limit.ts";
import type { LimitSettings } from "../../../../src/core/protection/limits/settings.ts";
import { LIMIT_KEYS, messageKeys, tableLimits } from "../../../../src/core/protection/limits/table.ts";
import { runningRequest } from "../../../../src/core/protection/sends.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../times.ts";
import { DEFAULTS, DEVICE, line, nothingLearned, STRANGER } from "./limit-samples.ts";

const sendLimits = (settings: LimitSettings, caller: LimitCaller) =>
  tableLimits(settings, caller, nothingLearned);

const table = (caller: LimitCaller, changed: Partial<LimitSettings> = {}) =>
  sendLimits({ ...DEFAULTS, ...changed }, caller).map(line);

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
  ])("%s: asks a stranger for a challenge at a tenth of what is refused with a solution", (limit, max) => {
    const limitFor = (standing: Standing) =>
      sendLimits(DEFAULTS, { ...STRANGER, standing }).find(({ name }) => name === limit);
    const unsolved = limitFor({ name: "unsolved", isThirdParty: true });
    expect(unsolved).toMatchObject({ asksCaptcha: true, windows: [{ max, windowMs: HOUR }] });
    const solved = limitFor({ name: "solved", isThirdParty: false, limits: [] });
    expect(solved?.asksCaptcha).toBeFalsy();
    expect(solved?.windows).toEqual([{ max: 10 * max, windowMs: HOUR }]);
    expect(solved?.key).toBe(unsolved?.key);
  });

  test("for the total and a country grow with the busiest hour of approvals", () => {
    const learned = (subject: string) => ({ "peak-hour": 250, "peak-hour:CN": 120 })[subject];
    const windows = tableLimits(DEFAULTS, STRANGER, learned).map(({ name, windows: [one] }) => [
      name,
      one?.max,
    ]);
    expect(windows).toContainEqual(["total", 7_500]);
    expect(windows).toContainEqual(["country", 3_600]);
  });

  test("one running request a minute with one Idempotency-Key", () => {
    expect(line(runningRequest("hash"))).toBe("idempotency 1/1m idempotency:hash");
  });

  test("none on the address if it is unknown", () => {
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
    ["two messages, one kept for known devices", [[2, DAY]], ["strangers 1/1440m", "phone 2/1440m"]],
    ["one message, which is kept for nobody", [[1, DAY]], ["strangers 1/1440m", "phone 1/1440m"]],
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

  test("LIMIT_PHONE_SENDS=unlimited keeps the wait before a resend", () => {
    const [resend] = sendLimits({ ...DEFAULTS, phoneSends: [] }, STRANGER);
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

  test("strangers cannot fill the phone's longest window if it has two messages or more", () => {
    for (let max = 2; max <= 1_000; max++) {
      const limits = sendLimits({ ...DEFAULTS, phoneSends: [{ max, windowMs: DAY }] }, STRANGER);
      const strangers = limits.find(({ name }) => name === "strangers")?.windows[0]?.max ?? max;
      expect(strangers).toBeGreaterThanOrEqual(1);
      expect(strangers).toBeLessThan(max);
    }
  });

  test("phones, sides and addresses do not share their own keys", () => {
    const callers = [
      STRANGER,
      DEVICE,
      { ...STRANGER, phoneTag: "key.other" },
      { ...STRANGER, traffic: { ...STRANGER.traffic, addressTag: "other" } },
    ];
    const keys = callers.map((caller) => new Set(sendLimits(DEFAULTS, caller).map(({ key }) => key)));
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

test("the limit on guesses counts only the address", () => {
  expect(guessLimits(DEFAULTS, "address").map(line)).toEqual([
    "address_checks 300/5m address-checks:address",
  ]);
});

test("a caller that holds its verification by an address is not counted on a device", () => {
  const held = sendLimits(DEFAULTS, { ...STRANGER, holder: "address:tag" });
  expect(held.map(({ name }) => name)).not.toContain("device");
});

test("solutions of challenges use up no guesses", () => {
  const limits = [...guessLimits(DEFAULTS, "address"), ...solutionLimits(DEFAULTS, "address")];
  expect(new Set(limits.map(({ key }) => key)).size).toBe(2);
});

describe("the keys of a phone that a rebuild restores are those that a send counts under", () => {
  test.each(["stranger", "device"] as const)("for a %s", (bucket) => {
    const caller: LimitCaller = { ...STRANGER, bucket };
    const ofPhone = sendLimits(DEFAULTS, caller).filter(({ key }) => key.includes("key.tag"));
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
