import { getCountries, getExampleNumber } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { describe, expect, it } from "vitest";
import { type CountryCode, countryOf, maskPhone, nationalForm, parsePhone } from "../../../src/core/phone.ts";
import { home, read, WORLD } from "./policies.ts";

function phone(e164: string) {
  const result = parsePhone(e164, WORLD);
  if (!result.ok) throw new Error(`${e164} is not a phone: ${result.refusal.code}`);
  return result.value;
}

describe("the region decides, not the calling code (T41)", () => {
  const ranges: [CountryCode, CountryCode, string][] = [
    ["GB", "GB", "+447400123456"],
    ["GB", "GB", "+447911223456"],
    ["GB", "GG", "+447911123456"],
    ["GB", "GG", "+447911723456"],
    ["GB", "GG", "+447781123456"],
    ["GB", "GG", "+447839123456"],
    ["GB", "JE", "+447797712345"],
    ["GB", "JE", "+447700312345"],
    ["GB", "JE", "+447829712345"],
    ["GB", "JE", "+447509712345"],
    ["GB", "JE", "+447937712345"],
    ["GB", "IM", "+447624369230"],
    ["GB", "IM", "+447524369230"],
    ["GB", "IM", "+447924369230"],
    ["GB", "IM", "+447457612345"],
    ["RU", "RU", "+79123456789"],
    ["RU", "KZ", "+77012345678"],
    ["RE", "RE", "+262692123456"],
    ["RE", "YT", "+262639012345"],
    ["CW", "CW", "+59995181234"],
    ["CW", "BQ", "+5993181234"],
    ["US", "US", "+12125550123"],
    ["US", "CA", "+14165671234"],
  ];
  const islands: Partial<Record<CountryCode, string[]>> = {
    AG: ["268"],
    AI: ["264"],
    AS: ["684"],
    BB: ["246"],
    BM: ["441"],
    BS: ["242"],
    DM: ["767"],
    DO: ["809", "829", "849"],
    GD: ["473"],
    GU: ["671"],
    JM: ["876", "658"],
    KN: ["869"],
    KY: ["345"],
    LC: ["758"],
    MP: ["670"],
    MS: ["664"],
    PR: ["787", "939"],
    SX: ["721"],
    TC: ["649"],
    TT: ["868"],
    VC: ["784"],
    VG: ["284"],
    VI: ["340"],
  };

  it.each(ranges)("next to %s: %s has %s", (main, region, input) => {
    expect(read(input, home(region))).toBe(input);
    expect(read(input, home(main))).toBe(main === region ? input : "country_not_allowed");
    const national = input.replace(/^\+(44|7|262|599|1)/, "");
    expect(read(national, home(main))).toBe(main === region ? input : "country_not_allowed");
  });

  it.each(Object.entries(islands))("no number of %s counts as one of the US", (region, areaCodes) => {
    for (const areaCode of areaCodes) {
      const read = outcomes(`+1${areaCode}`);
      expect(read.of("US")).toEqual(new Set(["country_not_allowed"]));
      expect(read.of(region as CountryCode)).toEqual(new Set(["taken"]));
    }
  });

  /** What becomes of the numbers with this beginning that may be mobiles, under a policy for one country. */
  function outcomes(beginning: string) {
    const all = Array.from({ length: 800 }, (_, index) => `${beginning}${index + 200}4567`);
    const mobiles = all.filter((number) => parsePhone(number, WORLD).ok);
    const of = (country: CountryCode) =>
      new Set(
        mobiles.map((number) =>
          read(number, home(country)) === number ? "taken" : read(number, home(country)),
        ),
      );
    return { of };
  }

  it("a number in ranges that two regions share is accepted for both", () => {
    expect(read("+358412345678", home("AX"))).toBe("+358412345678");
    expect(read("+358412345678", home("FI"))).toBe("+358412345678");
    expect(read("+358412345678", home("SE"))).toBe("country_not_allowed");
    expect(read("0412 345 678", home("CX"))).toBe("+61412345678");
  });
});

describe("the country of a number", () => {
  /** Those whose policy takes it. */
  const takersOf = (number: string) =>
    getCountries().filter((country) => read(number, { ...WORLD, allowedCountries: [country] }) === number);

  it("is the one whose policy accepts it, if there is only one", () => {
    const mobiles = getCountries().flatMap((country) => getExampleNumber(country, examples)?.number ?? []);
    const known = mobiles.map((number) => [number, takersOf(number)] as const);
    const sole = known.filter(([, takers]) => takers.length === 1);
    expect(sole.length).toBeGreaterThan(200);
    for (const [number, takers] of sole)
      expect([number, countryOf(phone(number))]).toEqual([number, takers[0]]);
    expect(countryOf(phone("+447924123456"))).toBe("IM");
  });
});

describe("a mask shows whose number it is and no more", () => {
  it.each([
    ["+8613800138000", "+86 138••••8000"],
    ["+12125550123", "+1 21••••0123"],
    ["+37061234567", "+370 ••••4567"],
    ["+33612345678", "+33 6••••5678"],
    ["+4915123456789", "+49 151••••6789"],
    ["+436641234567890", "+43 664••••7890"],
    ["+6591234567", "+65 ••••4567"],
    ["+24740123", "+247 ••••3"],
    ["+2908999", "+290 ••••"],
  ])("%s as %s", (e164, masked) => {
    expect(maskPhone(phone(e164))).toBe(masked);
  });
});

describe("clients of the functions API get a number back as they wrote it", () => {
  it.each([
    ["+8613800138000", "13800138000"],
    ["+8615412345678", "15412345678"],
    ["+85251234567", "+85251234567"],
    ["+12125550123", "+12125550123"],
  ])("%s as %s", (e164, national) => {
    expect(nationalForm(phone(e164))).toBe(national);
  });
});
