import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createOutput } from "../../src/cli/files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("an output that cannot become what its name says leaves nothing", async () => {
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  mkdirSync(join(folder, "out"));
  writeFileSync(join(folder, "out", "other"), "");
  await expect(output.finish()).rejects.toThrow(/^cannot write .*out: /);
  expect(readdirSync(folder)).toEqual(["out"]);
});

test.each(["nowhere/out", "file/out"])("without a folder it is one sentence: %s", async (path) => {
  writeFileSync(join(folder, "file"), "");
  await expect(createOutput(join(folder, path))).rejects.toThrow(/: its folder is not there$/);
});
