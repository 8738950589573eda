import { getCountries } from "libphonenumber-js/max";
import { describe, expect, it } from "vitest";
import { countryOptions, isCountryCode } from "../../../src/core/countries.ts";

describe("the country picker", () => {
  it("names a country in both languages, with calling code and flag", () => {
    expect(countryOptions(["CN"], "en")).toEqual([
      { code: "CN", callingCode: "86", name: "China", flag: "🇨🇳" },
    ]);
    expect(countryOptions(["CN"], "zh-CN")).toEqual([
      { code: "CN", callingCode: "86", name: "中国", flag: "🇨🇳" },
    ]);
  });

  it("sorts by name as the language does", () => {
    const allowed = ["US", "CN", "AX", "DE", "GB"] as const;
    const names = (locale: "en" | "zh-CN") => countryOptions(allowed, locale).map(({ name }) => name);
    expect(names("en")).toEqual(["Åland Islands", "China", "Germany", "United Kingdom", "United States"]);
    expect(names("zh-CN")).toEqual(["奥兰群岛", "德国", "美国", "英国", "中国"]);
  });

  it.each(["en", "zh-CN"] as const)("offers every country once, none without a name, in %s", (locale) => {
    const options = countryOptions("all", locale);
    expect(options.map(({ code }) => code).sort()).toEqual([...getCountries()].sort());
    expect(options.filter(({ code, name }) => name === code)).toEqual([]);
    expect(options.every(({ flag }) => /^\p{RI}{2}$/u.test(flag))).toBe(true);
  });

  it("offers a country once that is allowed twice", () => {
    expect(countryOptions(["CN", "CN"], "en")).toHaveLength(1);
  });
});

describe("a country code", () => {
  it("is two capital letters of a country with telephone numbers", () => {
    expect(["CN", "GG", "XK"].every(isCountryCode)).toBe(true);
    expect(["", "cn", "ZZ", "001", "86", "CN ", "constructor", "__proto__"].some(isCountryCode)).toBe(false);
  });
});
