import { capture, isMain, program } from "./lib/run.js";
import { tallyOf } from "./lib/tally.js";

const CHECKS = {
  "types of the server and its tests": () => program("typescript", "-p", "tsconfig.json"),
  "types of the pages' scripts": () => program("typescript", "-p", "web/tsconfig.json"),
  "lint and format": () => program("@biomejs/biome", "ci", "--error-on-warnings", "--colors=off"),
  "unused files, exports and dependencies": () => program("knip"),
};

/** Runs all checks at once and prints what those that fail have to say. Resolves with one tally each. */
export async function check() {
  const running = Object.entries(CHECKS).map(([name, command]) => [name, capture(command())]);
  const tallies = [];
  for (const [name, ended] of running) {
    const { code, output } = await ended;
    console.log(`${code === 0 ? "✓" : "✗"} ${name}`);
    if (code !== 0) console.log(`\n${output.trim()}\n`);
    tallies.push(tallyOf(code === 0));
  }
  return tallies;
}

if (isMain(import.meta.url)) {
  const tallies = await check();
  process.exitCode = tallies.some((tally) => tally.failed > 0) ? 1 : 0;
}
