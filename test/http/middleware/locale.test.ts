import { expect, test } from "vitest";
import { negotiateLocale } from "../../../src/http/middleware/locale.ts";

test.each([
  [undefined, "zh-CN", "zh-CN"],
  ["en", "zh-CN", "en"],
  ["zh-TW,zh;q=0.9,en;q=0.8", "en", "zh-CN"],
  ["en;q=0.5, zh;q=0.7", "en", "zh-CN"],
  ["zh;q=0.7, en", "zh-CN", "en"],
  ["fr, ZH-hans;q=0.1", "en", "zh-CN"],
  ["fr, *;q=0.1", "en", "en"],
  // A weight of 0 means "not acceptable" (RFC 9110, section 12.4.2).
  ["en;q=0", "zh-CN", "zh-CN"],
  ["zh;q=0, fr", "en", "en"],
  ["zh;q=much", "en", "en"],
  [`zh${" ".repeat(510)}`, "en", "zh-CN"],
  [`zh${" ".repeat(511)}`, "en", "en"],
] as const)("Accept-Language %j with the default %s is answered in %s", (header, fallback, locale) => {
  expect(negotiateLocale(header, fallback)).toBe(locale);
});
