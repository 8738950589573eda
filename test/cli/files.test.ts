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

test("an output that cannot become what its name says leaves nothing", async () => {
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  mkdirSync(join(folder, "out"));
  writeFileSync(join(folder, "out", "other"), "");
  await expect(output.finish()).rejects.toThrow(/^cannot write .*out: /);
  expect(readdirSync(folder)).toEqual(["out"]);
});

test("an output is flushed before it has its name", async () => {
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

test("what an output left behind that was killed is in nobody's way, and nothing of it is in the next", async () => {
  writeFileSync(join(folder, "out.partial"), "what others could read", { mode: 0o644 });
  const output = await createOutput(join(folder, "out"));
  await output.write("a secret");
  await output.finish();
  expect(readFileSync(join(folder, "out"), "utf8")).toBe("a secret");
  expect(statSync(join(folder, "out")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["out"]);
});

test("what somebody puts in the place of an output is neither written to nor followed", async () => {
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
