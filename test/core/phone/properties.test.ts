import fc from "fast-check";
import { type CountryCode, getCountries, getCountryCallingCode, PhoneNumber } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { describe, expect, it } from "vitest";
import { maskPhone, type PhonePolicy, parsePhone } from "../../../src/core/phone.ts";

const CHINA: PhonePolicy = { defaultCountry: "CN", allowedCountries: ["CN"], strictNumbers: false };
const WORLD: PhonePolicy = { defaultCountry: "CN", allowedCountries: "all", strictNumbers: false };

const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0xe50, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7f6, 0x1fbf0];
const PREFIXES = ["", "+86", "0086", "86", "0", "+86(0)", "+860", "\uff0b86", "(+86)", "0086(0)", "086"];
const SEPARATORS = [
  "",
  "",
  "",
  " ",
  "-",
  ".",
  "/",
  "(",
  ")",
  "\u00a0",
  "\u3000",
  "\u2013",
  "\uff0d",
  "\u30fc",
];

const mainlandMobile = fc
  .tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 0, max: 999_999_999 }))
  .map(([second, rest]) => `1${second}${String(rest).padStart(9, "0")}`);

/** A number and one of the ways to write it: a prefix, digits of any script, a separator before each. */
const spelled = fc
  .tuple(
    mainlandMobile,
    fc.constantFrom(...PREFIXES),
    fc.array(fc.tuple(fc.constantFrom(...ZEROS), fc.constantFrom(...SEPARATORS)), {
      minLength: 11,
      maxLength: 11,
    }),
  )
  .map(([number, prefix, style]) => ({
    number,
    input: prefix + style.map(([zero, separator], i) => separator + digit(zero, Number(number[i]))).join(""),
  }));

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({
    unit: fc.constantFrom(..."0123456789+() -.".split(""), "\uff11", "\u0661", "x", ";"),
    maxLength: 30,
  }),
);

/** Mobiles of the whole world: each region's example with its last digits changed. */
const worldMobile = fc
  .tuple(fc.constantFrom(...getCountries()), fc.integer({ min: 0, max: 9_999 }))
  .map(([country, tail]) => international(country).replace(/\d{4}$/, String(tail).padStart(4, "0")));

function digit(zero: number, value: number): string {
  return String.fromCodePoint(zero + value);
}

function international(country: CountryCode): string {
  return `+${getCountryCallingCode(country)}${examples[country]}`;
}

describe("properties of phones", () => {
  it("any spelling of a mainland mobile is one key", () => {
    fc.assert(
      fc.property(spelled, ({ number, input }) => {
        expect(parsePhone(input, CHINA)).toEqual({ ok: true, value: `+86${number}` });
      }),
      { numRuns: 2_000 },
    );
  });

  it("no text makes parsePhone throw, and what it accepts is E.164 that parses to itself", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...getCountries()), (input, defaultCountry) => {
        const policy = { ...WORLD, defaultCountry };
        const result = parsePhone(input, policy);
        if (!result.ok) return;
        expect(result.value).toMatch(/^\+[1-9]\d{5,14}$/);
        expect(parsePhone(result.value, policy)).toEqual(result);
      }),
      { numRuns: 3_000 },
    );
  });

  it("a mobile of any country parses to itself with any default country, and is refused with a foreign character in it", () => {
    const slipped = fc.constantFrom(
      "\u200b",
      "\u202a",
      "\u2066",
      "\ufeff",
      "\u00ad",
      "\n",
      "\t",
      "\0",
      "a",
      ";",
      "#",
      "*",
    );
    fc.assert(
      fc.property(
        worldMobile,
        slipped,
        fc.nat(16),
        fc.constantFrom(...getCountries()),
        (input, extra, at, country) => {
          const policy = { ...WORLD, defaultCountry: country };
          const result = parsePhone(input, policy);
          fc.pre(result.ok);
          expect(result).toEqual(parsePhone(input, WORLD));
          expect(parsePhone(result.value, policy)).toEqual(result);
          const broken = parsePhone(input.slice(0, at) + extra + input.slice(at), policy);
          expect(broken).toMatchObject({ ok: false, refusal: { code: "invalid_phone" } });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("a mask hides at least four digits and shows at most the first three and the last four", () => {
    fc.assert(
      fc.property(worldMobile, (input) => {
        const result = parsePhone(input, WORLD);
        fc.pre(result.ok);
        const masked = maskPhone(result.value);
        const [, callingCode, head, tail] = /^\+(\d+) (\d{0,3})•{4}(\d{0,4})$/.exec(masked) ?? [];
        expect(result.value.startsWith(`+${callingCode}${head}`)).toBe(true);
        expect(result.value.endsWith(tail ?? "?")).toBe(true);
        expect(result.value.length - masked.replaceAll(/[• ]/g, "").length).toBeGreaterThanOrEqual(4);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Territories whose example is a number of another's plan too; the number then counts as both. */
const COUNTS_AS_BOTH: Partial<Record<CountryCode, CountryCode>> = {
  AX: "FI",
  BL: "GP",
  CC: "AU",
  CX: "AU",
  EH: "MA",
  MF: "GP",
  SJ: "NO",
  VA: "IT",
};

describe("the example mobile of every region", () => {
  it.each(getCountries())("%s: is accepted for its region and those that share its ranges", (country) => {
    const input = international(country);
    const others = getCountries().filter((each) => !family(country).includes(each));
    const policy: PhonePolicy = { defaultCountry: country, allowedCountries: [country], strictNumbers: true };
    expect(parsePhone(input, policy)).toEqual({ ok: true, value: input });
    expect(parsePhone(String(examples[country]), policy)).toEqual({ ok: true, value: input });
    expect(parsePhone(input, { ...policy, allowedCountries: others })).toEqual({
      ok: false,
      refusal: { code: "country_not_allowed", field: "phone" },
    });
  });

  /** The region, the one whose ranges it shares, and the others that share them. */
  function family(country: CountryCode): CountryCode[] {
    const main = COUNTS_AS_BOTH[country] ?? country;
    return getCountries().filter((each) => each === main || COUNTS_AS_BOTH[each] === main);
  }

  it("a number that is accepted for a region is a mobile only of regions that share its ranges", () => {
    const sharing = getCountries().filter((each) => neighbours(each).length > 1);
    fc.assert(
      fc.property(fc.constantFrom(...sharing), fc.integer({ min: 0, max: 999_999 }), (country, tail) => {
        const digits = String(examples[country]);
        const input = `+${getCountryCallingCode(country)}${digits.slice(0, -6)}${String(tail).padStart(6, "0")}`;
        const policy: PhonePolicy = {
          defaultCountry: country,
          allowedCountries: [country],
          strictNumbers: true,
        };
        fc.pre(parsePhone(input, policy).ok);
        const takers = neighbours(country).filter((each) => isMobileOf(input, each));
        const isOfMan = input.startsWith("+447924");
        expect(isOfMan ? ["GB", "IM"] : family(country)).toEqual(expect.arrayContaining(takers));
      }),
      { numRuns: 3_000 },
    );
  });

  function neighbours(country: CountryCode): CountryCode[] {
    return getCountries().filter((each) => getCountryCallingCode(each) === getCountryCallingCode(country));
  }

  function isMobileOf(e164: string, country: CountryCode): boolean {
    const number = new PhoneNumber(e164);
    number.country = country;
    return ["MOBILE", "FIXED_LINE_OR_MOBILE"].includes(number.getType() ?? "");
  }
});
