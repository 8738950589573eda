import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** Where nobody may make a file, whoever runs the tests. */
const UNWRITABLE = "/sys";

it("says in a sentence that a user who may not build meets a build that is out of date", () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-stale-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["bin", "scripts", "package.json"])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of ["src", "node_modules/rolldown"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "src", "main.ts"), "");
  // As Emacs locks a file.
  symlinkSync("somebody@somewhere.1", join(folder, "src", ".#main.ts"));
  symlinkSync(UNWRITABLE, join(folder, "dist"));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "bin/phonekey.js")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^Phonekey is older .*\(E\w+\)\. Run .*\n$/)]);
});
