import { describe, expect, it } from "vitest";
import { type CountryCode, parsePhone } from "../../../src/core/phone.ts";
import { cpuMs } from "../../support/cpu.ts";
import { CHINA, home, read, WORLD } from "./policies.ts";

describe("every way to write a number is one key (T40)", () => {
  it.each([
    ["plain", "13800138000"],
    ["E.164", "+8613800138000"],
    ["the prefix for a call abroad", "008613800138000"],
    ["calling code without a plus", "8613800138000"],
    ["trunk 0", "013800138000"],
    ["calling code and trunk 0", "+86013800138000"],
    ["trunk 0 in brackets", "+86(0)13800138000"],
    ["spaced trunk 0 in brackets", "+86 ( 0 ) 138 0013 8000"],
    ["prefix and trunk 0", "0086 (0)138 0013 8000"],
    ["trunk 0 before the calling code", "086-138-0013-8000"],
    ["carrier prefix", "17951 138 0013 8000"],
    ["spaces", " 138 0013 8000 "],
    ["hyphens", "138-0013-8000"],
    ["dots", "138.0013.8000"],
    ["slashes", "138/0013/8000"],
    ["brackets", "(+86) [138] 0013 8000"],
    [
      "full width",
      "\uff0b\uff18\uff16\uff08\uff10\uff09\uff11\uff13\uff18\uff0d\uff10\uff10\uff11\uff13\u3000\uff18\uff10\uff10\uff10",
    ],
    ["no-break and thin spaces", "+86\u00a0138\u20090013\u202f8000"],
    ["typographic dashes", "138\u20110013\u20138000"],
    ["minus and middle dot", "138\u22120013\u00b78000"],
    ["Japanese keyboard", "138\u30fc0013\u30fb8000"],
    ["Arabic-Indic digits", "\u0661\u0663\u0668\u0660\u0660\u0661\u0663\u0668\u0660\u0660\u0660"],
    ["Persian digits", "+\u06f8\u06f6 \u06f1\u06f3\u06f8\u06f0\u06f0\u06f1\u06f3\u06f8\u06f0\u06f0\u06f0"],
    ["Devanagari digits", "\u0967\u0969\u096e\u0966\u0966\u0967\u0969\u096e\u0966\u0966\u0966"],
    ["mathematical digits of five styles", "\u{1d7cf}\u{1d7db}\u{1d7ea}\u{1d7ec}\u{1d7f6}\u{1d7cf}38000"],
  ])("%s", (_way, input) => {
    expect(read(input)).toBe("+8613800138000");
  });

  it("reads 00 and a calling code even if calls abroad from the default country begin with something else", () => {
    expect(read("0086 138 0013 8000", { ...WORLD, defaultCountry: "US" })).toBe("+8613800138000");
    expect(read("011 86 138 0013 8000", { ...WORLD, defaultCountry: "US" })).toBe("+8613800138000");
  });

  it("keeps a leading zero that is part of the number", () => {
    expect(read("+225 (0)7 07 12 34 56", home("CI"))).toBe("+2250707123456");
    expect(read("07 07 12 34 56", home("CI"))).toBe("+2250707123456");
  });

  it.each<[CountryCode, string, string]>([
    ["GB", "+44 (0)7400 123456", "+447400123456"],
    ["DE", "0151/2345 6789", "+4915123456789"],
    ["IT", "+39 (0)347 123 4567", "+393471234567"],
    ["ES", "+34 (0)612 34 56 78", "+34612345678"],
    ["RU", "8 (912) 345-67-89", "+79123456789"],
    ["AR", "011 15 2345-6789", "+5491123456789"],
    ["AR", "+54 9 11 2345-6789", "+5491123456789"],
    ["BR", "0 15 (11) 98765-4321", "+5511987654321"],
    ["US", "1-212-555-0123", "+12125550123"],
  ])("%s: %s", (country, input, key) => {
    expect(read(input, home(country))).toBe(key);
  });
});

describe("what is no number is refused", () => {
  it.each([
    ["nothing", ""],
    ["separators only", " ()-. "],
    ["a plus only", "+"],
    ["letters for digits", "1-380-013-8OOO"],
    ["a word number", "1-800-FLOWERS"],
    ["RFC 3966", "tel:+8613800138000"],
    ["an RFC 3966 extension", "+8613800138000;ext=1"],
    ["x", "13800138000x9"],
    ["commas", "13800138000,,1"],
    ["a pause", "13800138000p1"],
    ["hash", "13800138000#1"],
    ["star", "*13800138000"],
    ["tilde", "13800138000~1"],
    ["text around", "call 13800138000 now"],
    ["Chinese text around", "\u7535\u8bdd13800138000"],
    ["a second line", "13800138000\r\nX: y"],
    ["a line feed", "13800138000\n"],
    ["a tab", "138\t00138000"],
    ["NUL", "13800138000\u0000"],
    ["DEL", "13800138000\u007f"],
    ["a C1 control", "13800138000\u0085"],
    ["a zero-width space", "138\u200b00138000"],
    ["a zero-width joiner", "138\u200d00138000"],
    ["a soft hyphen", "138\u00ad0013\u00ad8000"],
    ["bidi embedding", "\u202a13800138000\u202c"],
    ["bidi override", "\u202e13800138000"],
    ["bidi isolate", "\u206613800138000\u2069"],
    ["a word joiner", "138\u206000138000"],
    ["a byte order mark", "\ufeff13800138000"],
    ["a line separator", "138\u202800138000"],
    ["a variation selector", "1\ufe0f3800138000"],
    ["a tag character", "13800138000\u{e0031}"],
    ["a combining mark", "13800138000\u0301"],
    ["a Hangul filler", "138\u316400138000"],
    ["a braille blank", "138\u280000138000"],
    ["a lone surrogate", "13800138000\ud83d"],
    ["superscript digits", "1380013800\u2070"],
    ["circled digits", "\u24603800138000"],
    ["Chinese numerals", "\u4e003800138000"],
    ["two pluses", "++8613800138000"],
    ["a plus inside", "86+13800138000"],
    ["a plus behind 00", "00+8613800138000"],
    ["a plus behind a zero in brackets", "(0)+8613800138000(0)+"],
    ["a plus at the end", "13800138000+"],
    ["two numbers", "13800138000/13900139000"],
    ["too short", "1380013800"],
    ["too long", "138001380001"],
    ["the calling code twice", "+86 86 138 0013 8000"],
    ["an unknown calling code", "+999 1234 5678"],
    ["a calling code alone", "+86"],
    ["a special number", "110"],
    ["a list", "[object Object]"],
    ["SQL", "13800138000' OR '1'='1"],
  ])("%s", (_what, input) => {
    expect(parsePhone(input, WORLD)).toEqual({
      ok: false,
      refusal: { code: "invalid_phone", field: "phone" },
    });
  });

  it("reads 64 characters and not one more", () => {
    expect(read("13800138000".padEnd(64, " "))).toBe("+8613800138000");
    expect(read("13800138000".padEnd(65, " "))).toBe("invalid_phone");
  });

  it.each([
    "9".repeat(64),
    "(".repeat(64),
    `${"(0)".repeat(21)}x`,
    `+${"0".repeat(63)}`,
    "1".repeat(1_000_000),
  ])("answers a hostile input quickly", (input) => {
    const start = cpuMs();
    expect(read(input, WORLD)).toBe("invalid_phone");
    expect(cpuMs() - start).toBeLessThan(1_000);
  });
});

describe("mainland numbers that the metadata does not know", () => {
  it.each([
    "15412345678",
    "+86 154 1234 5678",
    "0086 15412345678",
    "015412345678",
    "8615412345678",
    "086 154 1234 5678",
  ])("%s is accepted unless numbers are strict", (input) => {
    expect(read(input)).toBe("+8615412345678");
    expect(read(input, { ...CHINA, strictNumbers: true })).toBe("invalid_phone");
  });

  it("are accepted only if China is allowed", () => {
    expect(read("+8615412345678", { ...CHINA, allowedCountries: ["HK"] })).toBe("country_not_allowed");
  });

  it.each(["12345678901", "10012345678", "+86 1541234567", "+86 154123456789"])(
    "%s is still refused",
    (input) => {
      expect(read(input)).toBe("invalid_phone");
    },
  );

  it("are the only ones: unknown numbers of other countries are refused", () => {
    expect(read("+852 154 1234 5678", WORLD)).toBe("invalid_phone");
  });
});

describe("what cannot be a mobile is refused before its country is looked at (T41)", () => {
  it.each([
    ["Inmarsat", "+870773111632"],
    ["universal personal", "+878101234567890"],
    ["satellite", "+881612345678"],
    ["satellite, spelled with 00", "00 881 6123 45678"],
    ["satellite, full width", "\uff0b\uff18\uff18\uff11612345678"],
    ["satellite, unknown range", "+881012345678"],
    ["international networks", "+882161234567"],
    ["international networks", "+882 34 12345678"],
    ["international networks", "+883510012345"],
    ["disaster relief", "+88812345678"],
    ["international premium", "+979123456789"],
    ["international toll-free", "+80012345678"],
    ["international shared cost", "+80812345678"],
    ["GB premium", "+449098790123"],
    ["GB company number", "+443001234567"],
    ["GB personal number", "+447012345678"],
    ["GB pager", "+447640123456"],
    ["GB VoIP", "+445612345678"],
    ["GB toll-free", "+448001234567"],
    ["GB shared cost", "+448431234567"],
    ["GB fixed line", "+442079460000"],
    ["CN fixed line", "+861012345678"],
    ["CN fixed line, national", "(010) 1234 5678"],
    ["CN company number", "+864001234567"],
    ["CN toll-free", "+868001234567"],
    ["US toll-free", "+18002345678"],
    ["US premium", "+19002345678"],
    ["US personal", "+15002345678"],
    ["DE fixed line", "+493012345678"],
  ])("%s: %s", (_kind, input) => {
    for (const policy of [CHINA, WORLD]) {
      expect(parsePhone(input, policy)).toEqual({
        ok: false,
        refusal: { code: "phone_not_mobile", field: "phone" },
      });
    }
  });
});
