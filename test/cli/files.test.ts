import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import promises, { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createOutput, openInput } from "../../src/cli/files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("an output that cannot be renamed to its final name is removed", async () => {
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  mkdirSync(join(folder, "out"));
  writeFileSync(join(folder, "out", "other"), "");
  await expect(output.finish()).rejects.toThrow(/^cannot write .*out: /);
  expect(readdirSync(folder)).toEqual(["out"]);
});

test("an output is flushed to disk before it is renamed to its final name", async () => {
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  const file = await open(join(folder, "out.partial"));
  const there: string[] = [];
  const sync = vi.spyOn(Object.getPrototypeOf(file) as FileHandle, "sync").mockImplementation(async () => {
    there.push(...readdirSync(folder));
  });
  onTestFinished(() => sync.mockRestore());
  await file.close();
  await output.finish();
  expect([there, readdirSync(folder)]).toEqual([["out.partial"], ["out"]]);
});

test("an output replaces the partial file of a killed process, with none of its content or permissions", async () => {
  writeFileSync(join(folder, "out.partial"), "what others could read", { mode: 0o644 });
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  await output.finish();
  expect(readFileSync(join(folder, "out"), "utf8")).toBe("a secret");
  expect(statSync(join(folder, "out")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["out"]);
});

test("an output fails if somebody puts a symlink in place of its partial file, and does not follow it", async () => {
  const [path, another] = [join(folder, "out"), join(folder, "another")];
  writeFileSync(another, "another's");
  const rm = vi
    .spyOn(promises, "rm")
    .mockImplementationOnce(async (partial) => symlinkSync(another, partial));
  syncBuiltinESMExports();
  onTestFinished(() => {
    rm.mockRestore();
    syncBuiltinESMExports();
  });
  await expect(createOutput(path)).rejects.toThrow(/^cannot write .*out: /);
  expect(rm).toHaveBeenCalledOnce();
  expect(readFileSync(another, "utf8")).toBe("another's");
});

test.each(["nowhere/out", "file/out"])("an output needs an existing folder: %s", async (path) => {
  writeFileSync(join(folder, "file"), "");
  await expect(createOutput(join(folder, path))).rejects.toThrow(/: its folder is not there$/);
});

test("if two processes write one output at once, the first fails, and the file is complete and the second's", async () => {
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
  "an input that is missing or a folder fails when it is opened: %s",
  async (name) => {
    mkdirSync(join(folder, "here"));
    await expect(openInput(join(folder, name))).rejects.toThrow(
      /^cannot read .*: it is (not there|a folder)$/,
    );
  },
);
