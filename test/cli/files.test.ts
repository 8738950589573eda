import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createOutput, openInput } from "../../src/cli/files.ts";

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

test("of two that are told one name at once, the first says so, and the file is the second's, whole", async () => {
  const path = join(folder, "out");
  const first = await createOutput(path);
  await first.write("first");
  const second = await createOutput(path);
  await second.write("sec");
  await expect(first.finish()).rejects.toThrow(/^cannot write .*out: another process writes it, too$/);
  expect(readdirSync(folder)).toEqual(["out.partial"]);
  await second.write("ond");
  await second.finish();
  expect(readFileSync(path, "utf8")).toBe("second");
  expect(readdirSync(folder)).toEqual(["out"]);
});

test.each(["nowhere", "here"])(
  "an input that cannot be read is told before anything is read: %s",
  async (name) => {
    mkdirSync(join(folder, "here"));
    await expect(openInput(join(folder, name))).rejects.toThrow(
      /^cannot read .*: it is (not there|a folder)$/,
    );
  },
);
