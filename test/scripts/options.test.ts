import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const ATTACK = join(import.meta.dirname, "../../scripts/attack.js");

test.each([
  ["an unknown option", ["--bogus"], "Unknown option '--bogus'"],
  ["a number that is none", ["--seed", "one"], "--seed takes a whole number from 1"],
  ["none at all", ["--seed", "0"], "--seed takes a whole number from 1"],
  [
    "nothing to do, which would hold every bound",
    ["--only", "Nothing"],
    'no attack of the long form has "Nothing" in its name',
  ],
  [
    "what the form has nothing of",
    ["--form", "short", "--only", "Poisoning"],
    'no attack of the short form has "Poisoning" in its name',
  ],
])("a tool for developers says in a line what is wrong: %s", { timeout: 60_000 }, (_what, words, says) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ATTACK, ...words], { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: "",
    stderr: `error: ${says} (see --help)\n`,
  });
});
