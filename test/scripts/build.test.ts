import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** A program of one file and a page of one script, with the scripts that build Phonekey. */
function smallProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-build-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, "scripts"), join(folder, "scripts"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const name of ["src", "web", "dist"]) mkdirSync(join(folder, name));
  const files = {
    "package.json": `{ "type": "module" }`,
    "rolldown.config.js": `export default { input: "src/cli.ts", output: { dir: "dist" } };`,
    "vite.config.js": `export default { root: "web",
      build: { outDir: "../dist/web", emptyOutDir: true, rolldownOptions: { input: "web/page.ts" } } };`,
    "src/cli.ts": "console.log(1);",
    "web/page.ts": "console.log(1);",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const build = (folder: string) =>
  spawnSync(process.execPath, [join(folder, "scripts/build.js")], { encoding: "utf8" });

it("a failed build leaves the old one in place, and a successful one replaces all of it", () => {
  const folder = smallProject();
  const stands = () =>
    ["cli.js", "web", "old.js", ".built"].filter((name) => existsSync(join(folder, "dist", name)));

  expect(build(folder)).toMatchObject({ status: 0, stderr: "" });
  writeFileSync(join(folder, "dist/old.js"), "");
  for (const broken of ["src/cli.ts", "web/page.ts"]) {
    writeFileSync(join(folder, broken), "const {");
    expect(build(folder)).toMatchObject({ status: 1, stderr: expect.stringContaining("Build failed") });
    expect(stands()).toEqual(["cli.js", "web", "old.js"]);
    writeFileSync(join(folder, broken), "console.log(2);");
  }
  expect(build(folder)).toMatchObject({ status: 0, stderr: "" });
  expect(stands()).toEqual(["cli.js", "web", ".built"]);
});
