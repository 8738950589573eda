import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { attack } from "../attack/main.ts";

const ATTACK = join(import.meta.dirname, "../../scripts/attack.js");

test.each([
  ["an unknown option", ["--bogus"], "Unknown option '--bogus'"],
  ["a value that is no number", ["--seed", "one"], "--seed takes a whole number from 1"],
  ["a number below 1", ["--seed", "0"], "--seed takes a whole number from 1"],
  ["no attack of this name", ["--only", "Nothing"], 'no attack of the long form has "Nothing" in its name'],
  [
    "no attack of this name in this form",
    ["--form", "short", "--only", "Poisoning"],
    'no attack of the short form has "Poisoning" in its name',
  ],
])("a tool for developers says in one line what is wrong: %s", async (_what, words, says) => {
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`ended with ${code}`);
  });
  const [printed, said] = [vi.spyOn(console, "log"), vi.spyOn(console, "error").mockImplementation(() => {})];
  await expect(attack(words)).rejects.toThrow("ended with 2");
  expect([printed.mock.calls, said.mock.calls]).toEqual([[], [[`error: ${says} (see --help)`]]]);
});

test("a tool for developers exits with 2 for wrong use", { timeout: 60_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ATTACK, "--seed", "0"], {
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: "",
    stderr: "error: --seed takes a whole number from 1 (see --help)\n",
  });
});
