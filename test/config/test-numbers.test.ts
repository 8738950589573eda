import { describe, expect, it } from "vitest";
import { config, inDays, problems, SOON, useFolder, warnings } from "./load.ts";

useFolder();

describe("test numbers", () => {
  const TEST_NUMBERS = `+8613800138000=405938@${SOON}, +8613800138001=917402@2020-02-29`;

  it("are valid to the end of their last day; one that is over is accepted", () => {
    expect(config({ TEST_NUMBERS }).testNumbers).toEqual([
      { phone: "+8613800138000", code: "405938", until: Date.parse(SOON) + 86_400_000 },
      { phone: "+8613800138001", code: "917402", until: Date.UTC(2020, 2, 1) },
    ]);
    expect(config().testNumbers).toEqual([]);
  });

  it("must be written in the form that phones are stored in", () => {
    const problem = (number: string) =>
      problems({ ALLOWED_COUNTRIES: "CN,GB", TEST_NUMBERS: `${number}=405938@${SOON}` }).TEST_NUMBERS;
    expect(problem("+447400123456")).toBeUndefined();
    expect(problem("+4407400123456")).toBe("entry 1 must have a mobile number of ALLOWED_COUNTRIES");
  });

  it("may end 365 days from now", () => {
    const numbers = config({ TEST_NUMBERS: `+8613800138000=405938@${inDays(365)}` }).testNumbers;
    expect(numbers).toHaveLength(1);
  });

  it("are warned of, without number or code, as long as TEST_NUMBERS has one, even if it is over", () => {
    const told = warnings({ TEST_NUMBERS }).join();
    expect(told).toContain(`TEST_NUMBERS: 1 number signs in with a fixed code`);
    expect(told).toContain(SOON);
    expect(told).not.toMatch(/405938|917402|13800138/);
    expect(warnings({ TEST_NUMBERS: "+8613800138001=917402@2020-02-29" }).join()).toContain("over");
    expect(warnings({}).join()).not.toContain("TEST_NUMBERS");
  });

  it("and their codes do not appear in problems", () => {
    const wrong = [
      `+8613800138000=405938@${inDays(900)}`,
      `+8613800138000=4059381@${SOON}`,
      `+447911123456=405938@${SOON}`,
      `+8613800138000=135791@${SOON}`,
      `+8613800138000=405938 @${SOON}`,
    ];
    for (const text of wrong) {
      const problem = problems({ TEST_NUMBERS: text }).TEST_NUMBERS;
      expect(problem).toContain("entry 1");
      expect(problem).not.toMatch(/405938|4059381|135791|13800138000|7911/);
    }
  });

  it("need a code that has CODE_LENGTH digits and is not guessed first", () => {
    const numbers = `+8613800138000=40593817@${SOON}`;
    expect(problems({ TEST_NUMBERS: numbers, CODE_LENGTH: "8" })).toEqual({});
    expect(problems({ TEST_NUMBERS: numbers }).TEST_NUMBERS).toContain("CODE_LENGTH");
    // Steps of three, two of them beyond nine.
    const easy = { TEST_NUMBERS: `+8613800138000=36925814@${SOON}`, CODE_LENGTH: "8" };
    expect(problems(easy).TEST_NUMBERS).toContain("nobody tries first");
  });

  it("accept nearly every random code", () => {
    let taken = 0;
    for (let code = 100_000; code < 1_000_000; code += 997) {
      if (!problems({ TEST_NUMBERS: `+8613911111111=${code}@${SOON}` }).TEST_NUMBERS) taken += 1;
    }
    expect(taken / 903).toBeGreaterThan(0.85);
  });
});
