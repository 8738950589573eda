import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, load, SECRET, useFolder } from "./load.ts";

useFolder();

describe("SMS_PRICES, SPEND_HOUR and SPEND_DAY", () => {
  it("are read by country and by sender, in exact millionths", () => {
    const SMS_PRICES = "USD, us=0.0079, tencent/CN=0.04, tencent/*=2, *=1";
    const { protection } = config({
      SMS_PRICES,
      SPEND_HOUR: "unlimited",
      SPEND_DAY: "20.5 USD, GB=3, tencent=7",
    });
    expect(protection.spendHour).toEqual({ byCountry: {}, bySender: {} });
    expect(protection.spendDay).toEqual({
      currency: "USD",
      total: 20_500_000,
      byCountry: { GB: 3_000_000 },
      bySender: { tencent: 7_000_000 },
    });
    expect(protection.prices).toEqual({
      currency: "USD",
      prices: [
        { country: "US", micros: 7_900 },
        { country: "CN", sender: "tencent", micros: 40_000 },
        { sender: "tencent", micros: 2_000_000 },
        { micros: 1_000_000 },
      ],
    });
  });
});

describe("the guard's allow-list", () => {
  it("takes countries, number prefixes and networks", () => {
    const { guardAllow } = config({ GUARD_ALLOW: "gb, +86138, 198.51.100.0/24, 2001:db8::/33" }).protection;
    expect(guardAllow).toEqual({
      countries: ["GB"],
      prefixes: ["+86138"],
      networks: ["198.51.100.0/24", "2001:db8::/33"],
      networkBits: ["4:110001100011001101100100", `6:00100000000000010000110110111000${"0"}`],
    });
  });
});

describe("limits", () => {
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const windows = fc
    .tuple(
      fc.integer({ min: 1, max: 999_999 }),
      fc.integer({ min: 1, max: 2_592_000 }),
      fc.constantFrom("s", "m", "h", "d"),
    )
    .filter(([, length, unit]) => length * unitMs[unit] <= 30 * unitMs.d);

  it("are read as the counts and windows that were written", () => {
    fc.assert(
      fc.property(fc.array(windows, { minLength: 1, maxLength: 5 }), (list) => {
        const text = list.map(([max, length, unit]) => `${max}/${length}${unit}`).join(",");
        const expected = list.map(([max, length, unit]) => ({ max, windowMs: length * unitMs[unit] }));
        expect(config({ LIMIT_PHONE_SENDS: text }).limits.phoneSends).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("are refused if they are not a list of whole windows", () => {
    const text = fc
      .string({ unit: fc.constantFrom(..."0159/smhdw,-. u") })
      .filter((each) => each.trim() !== "");
    fc.assert(
      fc.property(text, (each) => {
        const sound = each.split(",").every((entry) => /^\s*([1-9]\d*\/[1-9]\d*[smhd])?\s*$/.test(entry));
        const read = load({ PHONEKEY_SECRETS: SECRET, LIMIT_PHONE_SENDS: each });
        if (!sound) expect(read.ok, each).toBe(false);
        else if (read.ok) expect(read.config.limits.phoneSends.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
