import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ok,
  REFUSALS,
  type RefusalCode,
  refuse,
  StaleKeyError,
  UnavailableError,
} from "../../src/core/refusals.ts";
import { loadOperations } from "../../src/http/api/index.ts";
import { allRefusals } from "../../src/http/api/operation.ts";

const OPERATIONS = await loadOperations();

const CODES = Object.keys(REFUSALS) as RefusalCode[];
const PLACEHOLDER = /\{|\}|%[sdj]|\$\d|TO-?DO|FIX-?ME|undefined|null|lorem/i;

describe.each(CODES)("%s", (code) => {
  const { status, en, zh } = REFUSALS[code];

  test("is a snake_case name with an error status", () => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });

  test("has a sentence in English and in Chinese", () => {
    expect(en).toMatch(/^[A-Z][\x20-\x7e]{8,}\.$/);
    expect(zh).toMatch(/^\S.*。$/u);
    expect(zh).toMatch(/\p{Script=Han}/u);
    for (const text of [en, zh]) expect(text).not.toMatch(PLACEHOLDER);
  });
});

test("no two refusals have the same text", () => {
  expect(new Set(CODES.map((code) => REFUSALS[code].en)).size).toBe(CODES.length);
  expect(new Set(CODES.map((code) => REFUSALS[code].zh)).size).toBe(CODES.length);
});

test("every code is used: an operation declares it, or the pages or the server name it", () => {
  const declared = new Set<string>(OPERATIONS.flatMap(allRefusals));
  const sources = readSources("src/http");
  const unused = CODES.filter((code) => !declared.has(code) && !sources.includes(`"${code}"`));
  expect(unused).toEqual([]);
});

test("the refusals of every operation are in the catalogue, each once", () => {
  for (const operation of OPERATIONS) {
    const codes = allRefusals(operation);
    expect(codes).toEqual([...new Set(codes)]);
    for (const code of codes) expect(REFUSALS).toHaveProperty(code);
  }
});

test("ok and refuse make results with what they were given", () => {
  expect(ok(7)).toEqual({ ok: true, value: 7 });
  expect(refuse("invalid_request", { field: "phone" })).toEqual({
    ok: false,
    refusal: { code: "invalid_request", field: "phone" },
  });
});

test("UnavailableError keeps its cause out of its message, and says when to retry", () => {
  const cause = new Error("connect ECONNREFUSED 10.0.0.7:3306");
  const error = new UnavailableError("the database", { cause });
  expect(error.message).not.toContain("10.0.0.7");
  expect(error).toMatchObject({ cause, code: "unavailable", retryAfterSeconds: 5 });
  expect(new StaleKeyError()).toBeInstanceOf(UnavailableError);
  expect(new StaleKeyError().retryAfterSeconds).toBe(1);
});

/** All TypeScript below a folder, in one text. */
function readSources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => /\.tsx?$/.test(file));
  return sources.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
}
