import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TABLES } from "../../src/adapters/sql/tables/schema.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/architecture.md"), "utf8");

it("docs/architecture.md says of every table what it holds, once", () => {
  const [, table = ""] = /^\| Table \| Holds [^\n]*\n([\s\S]*?)\n\n/m.exec(text) ?? [];
  const firstCells = table.split("\n").map((row) => row.split("|")[1] ?? "");
  const named = firstCells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.sort()).toStrictEqual([...TABLES, "migrations"].sort());
});
