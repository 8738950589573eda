import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PhonePolicy } from "../../src/core/phone.ts";
import { type Line, linesOf } from "../../src/core/transfer/lines.ts";
import { readUserLine, writeUserLine } from "../../src/core/transfer/user-line.ts";
import { bytes, lineOf, phoneOf } from "./support.ts";

const POLICY: PhonePolicy = { defaultCountry: "CN", allowedCountries: ["CN", "US"], strictNumbers: false };
const NOW = Date.UTC(2026, 7, 1);

async function read(text: string | Uint8Array, most = 100, size = 7): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of linesOf(bytes(text, size), most)) lines.push(line);
  return lines;
}

const texts = (lines: readonly Line[]) =>
  lines.map(({ number, text }) => [number, text.ok ? text.value : text.refusal.detail]);

describe("lines of a stream", () => {
  test("may be cut anywhere and end with LF, CRLF or nothing; blank lines are counted but left out", async () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(texts(await read("\uFEFF一\r\n\n  \n二二\n三", 100, size))).toEqual([
        [1, "一\r"],
        [4, "二二"],
        [5, "三"],
      ]);
    }
    expect(await read("")).toEqual([]);
    expect(await read("\n\n")).toEqual([]);
  });

  test("that are too long or no UTF-8 are refused one by one", async () => {
    const hostile = Buffer.concat([
      Buffer.from(`a\n${"b".repeat(101)}\n${"c".repeat(100)}\n`),
      Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a]),
      Buffer.from("d\u0000\n"),
    ]);
    expect(texts(await read(hostile))).toEqual([
      [1, "a"],
      [2, "must have at most 100 bytes"],
      [3, "c".repeat(100)],
      [4, "must be UTF-8"],
      [5, "must be UTF-8"],
      [6, "d\u0000"],
    ]);
  });

  test("that never end are not held in memory", async () => {
    async function* endless() {
      for (let n = 0; n < 4_000; n += 1) yield new Uint8Array(65_536).fill(0x61);
      yield Buffer.from("\nlast");
    }
    const before = process.memoryUsage().arrayBuffers;
    const lines: Line[] = [];
    let most = 0;
    for await (const line of linesOf(watched(endless()), 1_000)) lines.push(line);
    async function* watched(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield chunk;
      }
    }
    expect(texts(lines)).toEqual([
      [1, "must have at most 1000 bytes"],
      [2, "last"],
    ]);
    expect(most).toBeLessThan(100_000_000);
  });
});

describe("the line of a user", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(
        fc.record({
          id: fc.oneof(fc.uuid(), fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/)),
          n: fc.integer({ min: 0, max: 99_999_999 }),
          name: fc.oneof(fc.constant(""), fc.stringMatching(/^[\p{L}\p{N}"\\ ]{0,30}[\p{L}\u{1F600}]$/u)),
          avatar: fc.integer({ min: 1, max: 10 }),
          createdAt: fc.integer({ min: 0, max: NOW }),
        }),
        ({ n, ...user }) => {
          const phone = phoneOf(n);
          const line = writeUserLine({ ...user, phone });
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(readUserLine(line, POLICY, NOW)).toEqual({ ok: true, value: { ...user, phone } });
        },
      ),
    );
  });

  test("needs nothing but the phone, written as people write it", () => {
    expect(readUserLine('{"phone":"138 0013 8000"}', POLICY, NOW)).toEqual({
      ok: true,
      value: { phone: "+8613800138000", name: "" },
    });
    expect(readUserLine('{"phone":"+1 202-456-1111","name":""}\r', POLICY, NOW)).toMatchObject({ ok: true });
  });

  test("may have null for missing values, as databases have", () => {
    const line = '{"id":"u1","phone":"13800138000","name":null,"avatar":null,"createdAt":null}';
    expect(readUserLine(line, POLICY, NOW)).toEqual({
      ok: true,
      value: { id: "u1", phone: "+8613800138000", name: "" },
    });
  });

  test.each(["_V1StGXR8Z5jdHi6BmyT", "-V1StGXR8Z5jdHi6BmyT"])(
    "may have an id as nanoid makes it: %s",
    (id) => {
      expect(readUserLine(lineOf(1, { id }), POLICY, NOW)).toMatchObject({ ok: true, value: { id } });
    },
  );

  test.each([
    "2023-11-23T08:00:00.123456Z",
    "2023-11-23T08:00:00.123+00:00",
    "2023-11-23T08:00:00.123999-00:00",
  ])("may have a time as databases write it: %s", (createdAt) => {
    const read = readUserLine(lineOf(1, { createdAt }), POLICY, NOW);
    expect(read).toMatchObject({ ok: true, value: { createdAt: Date.UTC(2023, 10, 23, 8, 0, 0, 123) } });
  });

  const json = (more: object) => lineOf(13800, more);
  test.each([
    ["broken JSON", '{"phone":', undefined],
    ["nothing", "null", undefined],
    ["a list", `[${lineOf(1)}]`, undefined],
    ["a text", '"+8613800138000"', undefined],
    ["10,000 brackets", "[".repeat(10_000), undefined],
    ["a raw NUL", lineOf(1).replace("Name", "\u0000"), undefined],
    ["an unknown field", json({ password: "secret" }), undefined],
    ["a field named constructor", json({ constructor: 1 }), undefined],
    ["__proto__", `{"__proto__":{"phone":"+8613800138000"},"phone":"+8613800138000"}`, undefined],
    ["a phone only in __proto__", `{"__proto__":{"phone":"+8613800138000"}}`, undefined],
    ["no phone", '{"id":"u1"}', "phone"],
    ["a phone that is a number", json({ phone: 13800138000 }), "phone"],
    ["a phone that is a list", json({ phone: ["+8613800138000"] }), "phone"],
    ["a fixed line", json({ phone: "+861065529988" }), "phone"],
    ["another country", json({ phone: "+447400123456" }), "phone"],
    ["an id that is a number", json({ id: 7 }), "id"],
    ["an empty id", json({ id: "" }), "id"],
    ["an id that is null", json({ id: null }), "id"],
    ["an id of 65 characters", json({ id: "a".repeat(65) }), "id"],
    ["an id that begins with a dot", json({ id: ".." }), "id"],
    ["an id with a line end", json({ id: "a\n" }), "id"],
    ["an id with a NUL", json({ id: "a\u0000" }), "id"],
    ["an id with quotes", json({ id: "a'--" }), "id"],
    ["an id that is the phone", json({ id: phoneOf(13800).slice(1) }), "id"],
    ["an id that is the phone within the country", json({ id: phoneOf(13800).slice(3) }), "id"],
    [
      "an id with the phone in it",
      json({ id: `user_${phoneOf(13800).slice(3, 6)}-${phoneOf(13800).slice(6)}` }),
      "id",
    ],
    ["a name that is a number", json({ name: 7 }), "name"],
    ["a name with a NUL", json({ name: "a\u0000" }), "name"],
    ["a name with a bidi override", json({ name: "a\u202eb" }), "name"],
    ["a name with half a character", `{"phone":"+8613800138000","name":"\\ud800"}`, "name"],
    ["a name of 65 characters", json({ name: "a".repeat(65) }), "name"],
    ["a blank name", json({ name: "  " }), "name"],
    ["an avatar of 0", json({ avatar: 0 }), "avatar"],
    ["an avatar of 11", json({ avatar: 11 }), "avatar"],
    ["an avatar of 1.5", json({ avatar: 1.5 }), "avatar"],
    ["an avatar that is a text", json({ avatar: "1" }), "avatar"],
    ["a time that is a number", json({ createdAt: 1 }), "createdAt"],
    ["a time without a zone", json({ createdAt: "2024-01-01T00:00:00" }), "createdAt"],
    ["a time of another zone", json({ createdAt: "2024-01-01T00:00:00+08:00" }), "createdAt"],
    ["a day that does not exist", json({ createdAt: "2023-02-29T00:00:00Z" }), "createdAt"],
    ["a time before 1970", json({ createdAt: "1969-12-31T23:59:59Z" }), "createdAt"],
    ["a time in the future", json({ createdAt: "2027-01-01T00:00:00Z" }), "createdAt"],
  ])("with %s is refused without showing any of it", (_, line, field) => {
    const result = readUserLine(line, POLICY, NOW);
    if (result.ok) throw new Error("was taken");
    expect(result.refusal.field).toBe(field);
    expect(JSON.stringify(result.refusal)).not.toMatch(/138|secret|\d{7}/);
    expect(Object.prototype).not.toHaveProperty("phone");
  });

  test("of any text is read or refused, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((v) => JSON.stringify({ phone: v, id: v })),
        ),
        (line) => {
          expect(typeof readUserLine(line, POLICY, NOW).ok).toBe("boolean");
        },
      ),
    );
  });
});
