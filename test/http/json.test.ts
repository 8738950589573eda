import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/http/json.ts";

describe("parseJson", () => {
  it("reads the same as JSON.parse if no key is repeated", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"b":{"a":1,"a":1}}',
    '[{"a":":","a":"\\":"}]',
    '{"__proto__":1,"__proto__":2}',
  ])("refuses a repeated key: %s", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it.each([
    '{"a":"\\"b\\":1","b":1}',
    '{"a":[{"a":1},{"a":1}]}',
    '{":":":","\\\\":1}',
    '{"a" \n:1}',
    "[]",
    "1",
  ])("accepts keys that only look repeated: %s", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });
});
