import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/http/json.ts";

describe("JSON of a request", () => {
  it("is read as JSON is where each key is there once", () => {
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
  ])("is refused with a key twice: %s", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it.each([
    '{"a":"\\"b\\":1","b":1}',
    '{"a":[{"a":1},{"a":1}]}',
    '{":":":","\\\\":1}',
    '{"a" \n:1}',
    "[]",
    "1",
  ])("is taken: %s", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });
});
