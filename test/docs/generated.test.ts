import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { generatedDocs } from "../../src/cli/docs/docs.ts";
import { REFUSALS } from "../../src/core/refusals.ts";

const docs = generatedDocs();

function textOf(path: string): string {
  return docs.find((doc) => doc.path === path)?.text ?? "";
}

describe("generated documents", () => {
  it.each(docs)("$path is what the source generates (npm run build && npm run docs)", ({ path, text }) => {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("have every refusal, with an anchor for each", () => {
    const errors = textOf("docs/errors.md");
    for (const [code, { status, en, zh }] of Object.entries(REFUSALS)) {
      expect(errors).toContain(`| <a id="${code}"></a>\`${code}\` | ${status} | ${en}<br>${zh} | `);
    }
  });

  it("name only settings that exist", () => {
    const known = [...textOf("docs/configuration.md").matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(
      ([, name]) => name,
    );
    const named = docs.flatMap(({ text }) => [...text.matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])`/g)]);
    expect(named.length).toBeGreaterThan(50);
    expect(known).toEqual(expect.arrayContaining(named.map(([, name]) => name)));
  });

  it("keep every row of a table on one line with the same number of cells", () => {
    for (const { text } of docs) {
      const rows = text.split("\n").filter((line) => line.startsWith("|"));
      for (const row of rows) expect(row.split(/(?<!\\)\|/).length, row).toBeGreaterThanOrEqual(4);
    }
  });
});
