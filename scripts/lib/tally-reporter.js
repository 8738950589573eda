import { writeFileSync } from "node:fs";

/**
 * A Vitest reporter that writes `{passed, failed, skipped}` to the file that `TALLY_FILE` names. Also counts
 * what no test stands for and would otherwise pass unseen: files that do not load, hooks that throw, errors
 * that nobody caught, and tests that began and never ended.
 */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) addModule(tally, module);
    writeFileSync(process.env.TALLY_FILE, JSON.stringify(tally));
  }
}

function addModule(tally, module) {
  const suites = [module, ...module.children.allSuites()];
  tally.failed += suites.filter((suite) => suite.errors().length > 0).length;
  for (const test of module.children.allTests()) tally[outcome(test)] += 1;
}

function outcome(test) {
  const { state } = test.result();
  return state === "pending" ? "failed" : state;
}
