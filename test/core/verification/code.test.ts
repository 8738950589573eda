import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  alphabetOf,
  deriveCode,
  normalizeCode,
  normalizeTemporaryPassword,
  PASSWORD_LENGTH,
  readableCode,
} from "../../../src/core/verification/code.ts";
import { chiSquareTail, type Spread, spreadOf } from "./statistics.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const OTHER_KEY = new Uint8Array(32).fill(9);
const ID = "kTzR3JwWmJ0pQxv1hE2c4A";
const subject = (verificationId: string, purpose = "sign_in") => ({ verificationId, purpose });

describe("deriveCode", () => {
  // Computed with Python's hmac and hashlib from the words of the docstring: servers of two versions agree on codes.
  test.each([
    [6, "251149"],
    [8, "27032335"],
    [10, "3783607863"],
    [80, "75361898964052892238644709221541850454288483107244581127859453472226551983310176"],
  ])("gives the same %i digits as an independent implementation", (length, code) => {
    expect(deriveCode(KEY, subject(ID), length)).toBe(code);
  });

  test.each([
    ["id", (id: string) => deriveCode(KEY, subject(`${id}x`), 6)],
    ["purpose", (id: string) => deriveCode(KEY, subject(id, "confirm_transaction"), 6)],
    ["transaction", (id: string) => deriveCode(KEY, { ...subject(id), transaction: "digest" }, 6)],
    ["key", (id: string) => deriveCode(OTHER_KEY, subject(id), 6)],
    ["length", (id: string) => deriveCode(KEY, subject(id), 8).slice(0, 6)],
  ])("depends on the %s: with another one, equal codes are chance", (_, other) => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `id-${index}`);
    const equal = ids.filter((id) => deriveCode(KEY, subject(id), 6) === other(id));
    // 0.02 are expected.
    expect(equal.length).toBeLessThanOrEqual(2);
  });

  test("tells id and purpose apart: to move characters from one to the other changes the code", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (left, right) => {
        const shifted = { verificationId: left + right, purpose: "" };
        const whole = { verificationId: left, purpose: right };
        expect(deriveCode(KEY, shifted, 20)).not.toBe(deriveCode(KEY, whole, 20));
      }),
    );
  });
});

describe("T7: codes are uniform", () => {
  const CODES = 1_000_000;
  const MOST_UNLIKELY = 1e-6;

  function isUniform({ leastP, malformed, withLeadingZero, withTrailingZero }: Spread): boolean {
    const zeros = Math.min(withLeadingZero, withTrailingZero);
    return leastP > MOST_UNLIKELY && malformed === 0 && zeros > 0;
  }

  test("the statistics agree with the published tables", () => {
    // Upper critical values of the chi-square distribution (NIST/SEMATECH e-Handbook, 1.3.6.7.4).
    expect(chiSquareTail(27.877, 9)).toBeCloseTo(0.001, 5);
    expect(chiSquareTail(16.919, 9)).toBeCloseTo(0.05, 4);
    expect(chiSquareTail(123.225, 99)).toBeCloseTo(0.05, 4);
    expect(chiSquareTail(148.23, 99)).toBeCloseTo(0.001, 4);
    expect(chiSquareTail(18.307, 10)).toBeCloseTo(0.05, 4);
    expect(chiSquareTail(2_000, 99)).toBe(0);
  });

  test("over a million codes by digit and by adjacent pair, with leading and trailing zeros", () => {
    const spread = spreadOf((index) => deriveCode(KEY, subject(`verification-${index}`), 6), CODES, 6);
    expect(spread.malformed).toBe(0);
    expect(spread.leastP).toBeGreaterThan(MOST_UNLIKELY);
    expect(spread.withLeadingZero).toBeGreaterThan(CODES / 11);
    expect(spread.withTrailingZero).toBeGreaterThan(CODES / 11);
    expect(isUniform(spread)).toBe(true);
  }, 60_000);

  test("the control: the demo's generator fails the same check", () => {
    // biome-ignore lint/plugin: it is the generator that must be found out.
    const demo = () => Math.random().toString().slice(-6);
    const spread = spreadOf(demo, CODES, 6);
    expect(isUniform(spread)).toBe(false);
    expect(spread.leastP).toBeLessThan(MOST_UNLIKELY);
    expect(spread.withTrailingZero).toBe(0);
  }, 60_000);

  test("the control: digits by the remainder without rejection fail it as well", () => {
    const remainders = (index: number) => {
      const bytes = createHmac("sha256", KEY).update(String(index)).digest().subarray(0, 6);
      return Array.from(bytes, (byte) => byte % 10).join("");
    };
    expect(isUniform(spreadOf(remainders, CODES / 5, 6))).toBe(false);
  }, 60_000);
});

describe("T42: a typed code", () => {
  test.each([
    ["123456", "123456"],
    ["012345", "012345"],
    ["000000", "000000"],
    ["１２３４５６", "123456"],
    ["123 456", "123456"],
    ["123-456", "123456"],
    [" 123456 ", "123456"],
    ["1 2 3 4 5 6", "123456"],
    ["123\u3000456", "123456"],
    ["123\u00a0456", "123456"],
    ["𝟏𝟐𝟑𝟒𝟓𝟔", "123456"],
    ["1234", "1234"],
    ["1234567890", "1234567890"],
  ])("%j is read as %s", (typed, code) => {
    expect(normalizeCode(typed)).toBe(code);
  });

  test.each([
    "",
    "123",
    "12345678901",
    "123456\n",
    "\n123456",
    "123456\r\nX: y",
    "123\t456",
    "123456\0",
    "+123456",
    "1e5",
    "0x1e240",
    "123456.0",
    "123,456",
    "123456a",
    "abcdef",
    "١٢٣٤٥٦",
    "१२३४५६",
    "123\u200b456",
    "\u202a123456\u202c",
    "123\u2013456",
    "一二三四五六",
    `123456${" ".repeat(60)}`,
    "9".repeat(10_000),
  ])("%j is refused", (typed) => {
    expect(normalizeCode(typed)).toBeUndefined();
  });

  test("is 4 to 10 ASCII digits or refused, whatever was typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (typed) => {
        const code = normalizeCode(typed);
        expect(code === undefined || /^[0-9]{4,10}$/.test(code)).toBe(true);
      }),
    );
  });
});

describe("a temporary password", () => {
  const password = (id: string) =>
    deriveCode(KEY, subject(id, "temporary_password"), PASSWORD_LENGTH, "letters");

  test("has no vowel and no character that looks like another one; all others are equally likely", () => {
    const all = Array.from({ length: 5_000 }, (_, index) => password(`id-${index}`)).join("");
    expect(all).toMatch(/^[CDFGHJKMNPQRTWXY34679]+$/);
    const counts = [..."CDFGHJKMNPQRTWXY34679"].map((letter) => all.split(letter).length - 1);
    const expected = all.length / counts.length;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquareTail(chi, counts.length - 1)).toBeGreaterThan(1e-6);
  });

  test("is shown in groups, and read in any case, with or without spaces and hyphens", () => {
    const made = password(ID);
    const read = readableCode(made);
    expect(read).toMatch(/^\w{4}-\w{4}-\w{4}$/);
    for (const typed of [made, read, read.toLowerCase(), read.replaceAll("-", " "), ` ${read} `]) {
      expect(normalizeTemporaryPassword(typed)).toBe(made);
    }
    expect(readableCode("004217")).toBe("004217");
  });

  test.each(["", "KKKK-KKKK-KKK", "KKKK-KKKK-KKKKK", "helloworlds!", "0KKK-KKKK-KKKK", "x".repeat(65)])(
    "is not read from %j",
    (typed) => {
      expect(normalizeTemporaryPassword(typed)).toBeUndefined();
    },
  );

  test("is told from a code by its length", () => {
    expect([4, 8, 10, PASSWORD_LENGTH].map(alphabetOf)).toEqual(["digits", "digits", "digits", "letters"]);
  });
});
