import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const DOCS = join(import.meta.dirname, "../../docs");

/** The rows of the tables: a number such as T7, then its cells. */
const rows = readFileSync(join(DOCS, "threats.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, number = "", ...cells] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return /^[TD]\d+$/.test(number) ? [{ number, cells: cells.slice(0, -1) }] : [];
  });

/** Each test that a row names: a part of its title, and the file that has it. */
const named = rows.flatMap(({ number, cells }) =>
  [...(cells.at(-1) ?? "").matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = "", file = ""]) => ({
    number,
    title,
    file,
  })),
);

/** Whether a file has a text, a name or a comment with these words in it. */
function has(file: string, words: string): boolean {
  const path = join(DOCS, file);
  return /^\.\.\/test\/.+\.tsx?$/.test(file) && existsSync(path) && read(path).includes(words.toLowerCase());
}

const read = (path: string) => readFileSync(path, "utf8").toLowerCase();

/** The promises that comments, tests and decisions cite by their number. */
function citedPromises(): Set<string> {
  const files = ["src", "web", "test", "docs/decisions"].flatMap((folder) =>
    readdirSync(join(DOCS, "..", folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(tsx?|md)$/.test(file))
      .map((file) => read(join(DOCS, "..", folder, file))),
  );
  return new Set(files.flatMap((text) => text.match(/\bpromise \d+/g) ?? []));
}

describe("docs/threats.md", () => {
  it("explains each promise that is cited by its number", () => {
    const promises = [...read(join(DOCS, "threats.md")).matchAll(/^\| (\d+) \|/gm)];
    expect(promises.map(([, number]) => number)).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 1}`));
    expect(promises.map(([, number]) => `promise ${number}`)).toEqual(
      expect.arrayContaining([...citedPromises()]),
    );
  });

  it("has each of the 59 threats once, in their order", () => {
    const numbers = rows.map(({ number }) => number).filter((number) => number.startsWith("T"));
    expect(numbers).toStrictEqual(Array.from({ length: 59 }, (_, index) => `T${index + 1}`));
  });

  it("has for each threat what stands against it, what is left, and a test", () => {
    for (const { number, cells } of rows) {
      expect([number, cells.length]).toEqual([number, number.startsWith("T") ? 4 : 3]);
      expect([number, cells.filter((cell) => cell === "")]).toEqual([number, []]);
      expect(named.map((each) => each.number)).toContain(number);
    }
  });

  it("names tests that there are", () => {
    expect(has("../test/docs/threats.test.ts", "names tests that there are")).toBe(true);
    expect(has("../test/docs/threats.test.ts", ["names tests", "that were"].join(" "))).toBe(false);
    expect(named.filter(({ title, file }) => !has(file, title))).toEqual([]);
  });

  it("lists the defects of the demo that no call shows", () => {
    const contract = readFileSync(join(DOCS, "../test/http/functions/contract.ts"), "utf8");
    const elsewhere = [...contract.matchAll(/^ {2}(D\d+): "/gm)].map(([, number]) => number);
    const numbers = rows.map(({ number }) => number).filter((number) => number.startsWith("D"));
    expect(numbers).toStrictEqual(elsewhere);
  });
});
