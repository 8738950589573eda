import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** A folder in which no user can make a file. */
const UNWRITABLE = "/sys";

it("phonekey says in a sentence that the build is out of date if the user may not build", () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-stale-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["bin", "scripts", "package.json"])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of ["src", "node_modules/rolldown"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "src", "main.ts"), "");
  // Emacs locks a file in this way.
  symlinkSync("somebody@somewhere.1", join(folder, "src", ".#main.ts"));
  symlinkSync(UNWRITABLE, join(folder, "dist"));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "bin/phonekey.js")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^Phonekey is older .*\(E\w+\)\. Run .*\n$/)]);
});
