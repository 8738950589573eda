import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Listed {
  readonly file: string;
  readonly projectName: string;
}

test("every test file belongs to one project", () => {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "list", "--filesOnly", "--json"];
  const listed: Listed[] = JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" }));
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join(ROOT, "test", name));
  expect(listed.map(({ file }) => file).sort()).toEqual(files.sort());
  const projectOf = (name: string) => listed.find(({ file }) => file.endsWith(name))?.projectName;
  // By what they and their helpers import: nothing, a database, a world, a stand-in server.
  expect(projectOf("test/core/verification/code.test.ts")).toBe("unit");
  expect(projectOf("test/adapters/sql/statements/reusable.test.ts")).toBe("local");
  expect(projectOf("test/http/account/me.test.ts")).toBe("local");
  expect(projectOf("test/tencent/stand-in.test.ts")).toBe("local");
});
