import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, ROOT, run } from "./run.js";

const REPORTER = join(ROOT, "scripts/lib/tally-reporter.js");

/** A tally of one: what a step that either works or does not adds to the count. */
export function tallyOf(isPassed) {
  return isPassed ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** Runs Vitest on this terminal with these arguments; resolves with what came of it as `{passed, failed, skipped}`. */
export async function runVitest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-tally-"));
  const file = join(folder, "tally.json");
  const command = program("vitest", "run", "--reporter=default", `--reporter=${REPORTER}`, ...args);
  const code = await run(command, { env: { ...env, TALLY_FILE: file } });
  const tally = readTally(file);
  rmSync(folder, { recursive: true, force: true });
  return withoutFalseSuccess(tally, code);
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** A crash, a run of nothing and a bad exit that no test accounts for are failures, whatever was counted. */
function withoutFalseSuccess(tally = { passed: 0, failed: 0, skipped: 0 }, code) {
  const ranNothing = tally.passed + tally.failed === 0;
  const isUnexplained = code !== 0 && tally.failed === 0;
  return ranNothing || isUnexplained ? { ...tally, failed: tally.failed + 1 } : tally;
}

/** Adds tallies up and says them in one line; the skipped are named only where there are some. */
export function summarize(tallies) {
  const sum = (key) => tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped");
  const line = `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { line, isPassed: sum("failed") === 0 };
}
