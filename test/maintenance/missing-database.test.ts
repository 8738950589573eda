import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { testConfig } from "../support/world.ts";

test.each([
  { mode: "development", status: "warn", more: "; the server makes it when it starts" },
  { mode: "production", status: "wrong", more: "" },
] as const)("the doctor makes no database if there is none, in $mode", async ({ mode, status, more }) => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const findings = await examineParts({ ...testConfig(folder), mode }, { folder });
  expect(findings.filter(({ name }) => ["database", "schema"].includes(name))).toEqual([
    {
      name: "database",
      status,
      says: `there is no file at ${join(folder, "data/phonekey.db")}${more}`,
      todo: "Run `phonekey migrate`. If you have a database, look at DATABASE_URL and the working folder.",
    },
  ]);
  expect(readdirSync(folder)).toEqual([]);
});
