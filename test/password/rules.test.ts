import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCommonPasswords } from "../../src/adapters/common-passwords/list.ts";
import { judgePassword, normalizePassword } from "../../src/core/password/rules.ts";
import type { Phone } from "../../src/core/phone.ts";

const PHONE = "+8613800138000" as Phone;
const common = createCommonPasswords();

async function verdictOn(text: string, brandName = "Phonekey", phone = PHONE): Promise<string> {
  const judged = await judgePassword(common, { text, phone, brandName });
  return judged.ok ? "taken" : judged.refusal.code;
}

describe("a new password (NIST SP 800-63B-4, 3.1.1.2)", () => {
  it.each([
    ["seven characters", "q7w!zx9", "password_too_short"],
    ["seven characters of 28 bytes", "🐟🦊🐋🦉🐈🐼🐸", "password_too_short"],
    ["eight characters", "q7w!zx9k", "taken"],
    ["eight emoji", "🐟🦊🐋🦉🐈🐼🐸🐻", "taken"],
    ["256 characters", "correct horse battery staple ".repeat(9).slice(0, 256), "taken"],
    ["257 characters", "correct horse battery staple ".repeat(9).slice(0, 257), "password_too_long"],
    ["only small letters", "lantern orchard vessel", "taken"],
    ["only digits without a pattern", "8240917365", "taken"],
    ["Chinese", "床前明月光疑是地上霜", "taken"],
    ["a line break", "q7w!zx9k\n", "invalid_request"],
    ["a null", "q7w!zx9k\0", "invalid_request"],
    ["half of a character", "q7w!zx9k\ud83d", "invalid_request"],
    ["a common password", "qwertyuiop", "password_too_common"],
    ["a common password in capitals", "PassWord1", "password_too_common"],
    ["a common password in full width", "ｐａｓｓｗｏｒｄ", "password_too_common"],
    ["one character over and over", "88888888", "password_too_common"],
    ["a short unit over and over", "520520520", "password_too_common"],
    ["a short unit, cut off", "abcdabcdab", "password_too_common"],
    ["a run upwards", "23456789", "password_too_common"],
    ["a run downwards over zero", "3210987654", "password_too_common"],
    ["a run of letters", "efghijklm", "password_too_common"],
    ["a date, year first", "19900101", "password_too_common"],
    ["a date, day first", "31122001", "password_too_common"],
    ["the user's number", "13800138000", "password_too_common"],
    ["the user's number with its country", "+8613800138000", "password_too_common"],
    ["the user's number and a little more", "13800138000abc", "password_too_common"],
    ["the name of the service and a little more", "phonekey2026", "password_too_common"],
    ["the name of the service in something long", "phonekey opens my orchard", "taken"],
  ])("of %s: %s is %s", async (_, text, expected) => {
    expect(await verdictOn(text)).toBe(expected);
  });

  it("is too common if it repeats a Chinese name of the service", async () => {
    expect(await verdictOn("快乐购快乐购快乐购!", "快乐购")).toBe("password_too_common");
  });

  it("is too common if it is mostly the name of the service, also in full width", async () => {
    expect(await verdictOn("lantern2026", "Ｌａｎｔｅｒｎ")).toBe("password_too_common");
  });

  it("is too common if it is mostly the user's number of another country, with its plus or without", async () => {
    for (const text of ["+14155550123", "14155550123", "abc14155550123"])
      expect(await verdictOn(text, "Phonekey", "+14155550123" as Phone)).toBe("password_too_common");
  });

  it("is refused with the field and the rule, and without the text that was sent", async () => {
    for (const text of ["kurz", "x".repeat(300), "qwertyuiop", "q7w!zx9k\t"]) {
      const judged = await judgePassword(common, { text, phone: PHONE, brandName: "Phonekey" });
      if (judged.ok) throw new Error("it was taken");
      expect(judged.refusal.field).toBe("newPassword");
      expect(JSON.stringify(judged)).not.toContain(text);
    }
  });

  it("is normalized, so that composed and decomposed characters are the same", async () => {
    const composed = "crème brûlée";
    const decomposed = composed.normalize("NFD");
    expect(decomposed).not.toBe(composed);
    for (const text of [composed, decomposed]) {
      expect(await judgePassword(common, { text, brandName: "" })).toEqual({ ok: true, value: composed });
    }
  });

  it("is counted after normalization, which can make a text longer", async () => {
    // U+FDFA becomes 18 characters.
    expect(await verdictOn("\ufdfa".repeat(15))).toBe("password_too_long");
  });

  it("does not change when it is normalized twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(normalizePassword(normalizePassword(text))).toBe(normalizePassword(text));
      }),
    );
  });

  it("is accepted if it is random, whatever characters it has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 16, maxLength: 100 }), async (text) => {
        fc.pre(!/[\p{Cc}\p{Cs}]/u.test(text) && new Set(text).size > 8);
        expect(["taken", "password_too_long"]).toContain(await verdictOn(text));
      }),
    );
  });
});
