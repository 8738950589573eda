import { describe, expect, it } from "vitest";
import {
  droppedName,
  type SignChoice,
  signFaults,
  signNameFaults,
} from "../../../src/adapters/tencent/signature-kinds.ts";

const GOOD: SignChoice = {
  type: "company",
  document: "business-license",
  isInternational: false,
  isForOthers: false,
  hasCommission: false,
  qualificationId: 1,
};

describe("the name of a signature", () => {
  it.each(["腾讯云", "Ab", "腾讯Cloud12", "一二三四五六七八九十一二"])("%s is accepted", (name) => {
    expect(signNameFaults(name, false)).toEqual([]);
  });

  it.each(["【腾讯云】", "[ab]"])("%s is refused for its brackets", (name) => {
    expect(signNameFaults(name, false)).toEqual([expect.stringMatching(/without brackets/)]);
  });

  it.each(["", "a", "Test demo", "a-b", "腾讯云!", "一二三四五六七八九十一二三", "a\u202eb", "𝔸𝔹"])(
    "%s is refused for Mainland China",
    (name) => {
      expect(signNameFaults(name, false)).toEqual([expect.stringMatching(/^has 2 to 12/)]);
    },
  );

  it("may have spaces and up to 15 characters in Global SMS", () => {
    expect(signNameFaults("Test demo", true)).toEqual([]);
    expect(signNameFaults("1234567890123456", true)).toEqual([expect.stringMatching(/^has 2 to 15/)]);
  });
});

describe("the submission of a signature", () => {
  it("is valid for a company with its license", () => {
    expect(signFaults(GOOD)).toEqual([]);
  });

  it.each([
    [{ type: "app" as const }, /^type app: app is its name, taken for Global SMS only/],
    [
      { document: "app-screenshot" as const },
      /^company is proven by three-in-one or business-license, not by app-sc/,
    ],
    [{ type: "trademark" as const }, /^trademark is proven by trademark-certificate/],
    [{ isForOthers: true }, /authorization/],
  ])("with %j is refused", (more, fault) => {
    expect(signFaults({ ...GOOD, ...more })).toEqual([expect.stringMatching(fault)]);
  });

  it("needs a qualification for Mainland China only", () => {
    const { qualificationId: _, ...bare } = GOOD;
    expect(signFaults(bare)).toEqual([expect.stringMatching(/qualification/)]);
    expect(signFaults({ ...bare, isInternational: true })).toEqual([]);
  });

  it("may name an app with its screenshot in Global SMS", () => {
    expect(signFaults({ ...GOOD, isInternational: true, type: "app", document: "app-screenshot" })).toEqual(
      [],
    );
  });

  it("tells what replaces the names that the tutorial uses", () => {
    expect(droppedName("application")).toMatch(/company or trademark/);
    expect(droppedName("mini-program-screenshot")).toMatch(/^use business-license/);
    expect(droppedName("company")).toBeUndefined();
  });
});
