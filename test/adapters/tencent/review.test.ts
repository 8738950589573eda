import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Reviewed, reviewFaults } from "../../../src/adapters/tencent/review.ts";
import { defaultTemplate, TEMPLATE_PURPOSES } from "../../../src/adapters/tencent/templates.ts";
import { NOTICE_KINDS } from "../../../src/core/delivery/notice-kinds.ts";
import { PURPOSES } from "../../../src/core/verification/purpose.ts";
import { cpuMs } from "../../support/cpu.ts";

function faults(text: string, more: Partial<Reviewed> = {}): string[] {
  return reviewFaults({ text, isInternational: false, parameterCount: 2, signName: "腾讯云", ...more });
}

describe("the default texts of templates", () => {
  const all = TEMPLATE_PURPOSES.flatMap((purpose) =>
    (["en", "zh-CN"] as const).map((locale) => [purpose, locale] as const),
  );

  it.each(all)("of %s in %s pass the review for Mainland China", (purpose, locale) => {
    expect(faults(defaultTemplate(purpose, locale).text)).toEqual([]);
  });

  it.each(TEMPLATE_PURPOSES)("of %s in English pass the review for Global SMS", (purpose) => {
    expect(
      faults(defaultTemplate(purpose, "en").text, { isInternational: true, signName: "Tencent" }),
    ).toEqual([]);
  });

  it("exist for every purpose that can be started, and are all different", () => {
    // Each text for a transaction names a payee that the operator chose.
    const others = PURPOSES.filter((purpose) => purpose !== "confirm_transaction");
    expect(TEMPLATE_PURPOSES).toEqual(expect.arrayContaining(others));
    const texts = all.map(([purpose, locale]) => defaultTemplate(purpose, locale));
    expect(new Set(texts.map(({ text }) => text)).size).toBe(14);
    expect(new Set(texts.map(({ name }) => name)).size).toBe(14);
  });

  const notices = NOTICE_KINDS.flatMap((kind) =>
    (["en", "zh-CN"] as const).map((locale) => [kind, locale] as const),
  );

  it.each(notices)("of the notice %s in %s pass the review, and have no variable", (kind, locale) => {
    const { text, name } = defaultTemplate(kind, locale);
    const more = { isNotice: true, parameterCount: 0 };
    expect(faults(text, more)).toEqual([]);
    expect(faults(text, { ...more, isInternational: true })).toEqual([]);
    expect(text).not.toMatch(/undefined|[【】]/);
    expect(text).toMatch(/^[A-Z您]/);
    expect(name).toContain(kind.split("_")[0]);
  });

  it("equal the tutorial's for sign-in", () => {
    expect(defaultTemplate("sign_in", "en").text).toBe(
      "Your sign-in verification code is {1}. Please enter it within {2} minutes. If the sign-in was not initiated by you, please ignore this message.",
    );
  });
});

describe("the rules of the template review", () => {
  const REFUSED: readonly (readonly [text: string, fault: RegExp])[] = [
    ["【腾讯云】您的验证码为{1}，{2}分钟内有效。", /only the signature/],
    ["您的验证码为{1}★{2}分钟内有效。", /special symbol/],
    ["您的验证码为{1}☞{2}分钟内有效。", /special symbol/],
    ["您的验证码为{1}，{2}分钟内有效 🙂", /special symbol/],
    ["您的验证码为{1}，^_^ {2}分钟内有效", /special symbol/],
    ["您的验证码为{1}，\n{2}分钟内有效。", /line break/],
    ["您的验证码为{1}，\u202e{2}分钟内有效。", /invisible/],
    ["您的验证码为{1}，{2}分钟内有效，见 https://example.com/a", /link/],
    ["您的验证码为{1}，{2}分钟内有效，见example.cn", /link/],
    ["您的验证码为{1}，{2}分钟内有效，客服13800138000", /long number/],
    ["您的验证码为{code}，{2}分钟内有效。", /not all written/],
    ["您的验证码为{01}，{2}分钟内有效。", /not all written/],
    ["您的验证码为{1}{2}，分钟内有效。", /side by side/],
    ["您的贷款验证码为{1}，{2}分钟内有效。", /refused, such as money/],
    ["Your payment code is {1}, good for {2} minutes", /refused, such as money/],
    ["{1}，{2}。", /nothing but variables/],
    ["您的验证码为{2}，{3}分钟内有效。", /count up from/],
    ["您的验证码为{1}，再说一次{1}，分钟内有效。", /count up from/],
    ["您的验证码为{1}，分钟内有效。", /has 1 variable and the sender passes 2/],
    ["您的验证码为{1}，{2}分钟，{3}。", /has 3 variables and the sender passes 2/],
    [`您的验证码为{1}，{2}分钟内有效。${"好".repeat(480)}`, /characters of at most 500/],
  ];

  it.each(REFUSED)("refuse %s", (text, fault) => {
    expect(faults(text)).toEqual([expect.stringMatching(fault)]);
  });

  it("require the word code in Global SMS", () => {
    const text = "Your number is {1}, good for {2} minutes";
    expect(faults(text, { isInternational: true })).toEqual(["for Global SMS it must have the word code"]);
    expect(faults(text)).toEqual([]);
  });

  it("count the signature, and six digits for a variable, into the length", () => {
    const text = (length: number) => `{1}，{2}${"好".repeat(length)}`;
    const most = 500 - "腾讯云".length - 2 - 12 - 1;
    expect(faults(text(most))).toEqual([]);
    expect(faults(text(most + 1))).toEqual(["it makes 501 characters of at most 500"]);
  });

  it("judge any text in less than 500 ms of CPU time", () => {
    const text = fc.string({ unit: "binary", maxLength: 3_000 });
    const braces = fc.array(fc.constantFrom("{", "}", "1", "0", " ", "a.", "com"), { maxLength: 3_000 });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          braces.map((parts) => parts.join("")),
        ),
        (any) => {
          const startedAt = cpuMs();
          expect(Array.isArray(faults(any))).toBe(true);
          expect(cpuMs() - startedAt).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
  });
});
