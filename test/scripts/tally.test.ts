import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs Vitest as `npm test` does, on these files in a temporary folder; returns the last line of stdout and the verdict. */
function tally(files: Record<string, string>, ...args: string[]): { line: string; isPassed: boolean } {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-fixture-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const script = `
    import { runVitest, summarize } from ${JSON.stringify(join(ROOT, "scripts/lib/tally.js"))};
    const { line, isPassed } = summarize([await runVitest(${JSON.stringify(["--root", folder, "--globals", ...args])})]);
    console.log("\\n" + line);
    process.exitCode = isPassed ? 0 : 1;`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  return { line: stdout.trimEnd().split("\n").at(-1) ?? "", isPassed: status === 0 };
}

const GOOD = "it('a', () => {}); it('b', () => {});";

it("the tally counts passed, failed and skipped tests", () => {
  const mixed = "it('a', () => { throw new Error('no'); }); it.skip('b', () => {}); it.todo('c');";
  expect(tally({ "a.test.js": GOOD })).toStrictEqual({ line: "2 passed, 0 failed", isPassed: true });
  expect(tally({ "a.test.js": GOOD, "b.test.js": mixed })).toStrictEqual({
    line: "2 passed, 1 failed, 2 skipped",
    isPassed: false,
  });
});

it("the tally counts a failure outside of tests as failed", () => {
  const files = {
    "does-not-load.test.js": "throw new Error('no');",
    "has-no-test.test.js": "export {};",
    "hook.test.js": "beforeAll(() => { throw new Error('no'); }); it('is skipped', () => {});",
    "late-hook.test.js": "afterAll(() => { throw new Error('no'); }); it('passes', () => {});",
    "uncaught.test.js": "it('passes', () => { Promise.reject(new Error('no')); });",
  };
  expect(tally(files)).toStrictEqual({ line: "2 passed, 5 failed, 1 skipped", isPassed: false });
});

it("the tally counts a process that dies during a test as failed", () => {
  const { line, isPassed } = tally({
    "a.test.js": GOOD,
    "b.test.js": "it('c', () => { process.kill(process.pid, 'SIGKILL'); });",
  });
  expect(line).toMatch(/^2 passed, [1-9]\d* failed/);
  expect(isPassed).toBe(false);
});

it("the tally counts a run without tests, and one that cannot begin, as failed", () => {
  expect(tally({})).toStrictEqual({ line: "0 passed, 1 failed", isPassed: false });
  expect(tally({}, "--passWithNoTests")).toStrictEqual({ line: "0 passed, 1 failed", isPassed: false });
  expect(tally({ "a.test.js": GOOD, "vitest.config.js": "syntax error" })).toStrictEqual({
    line: "0 passed, 1 failed",
    isPassed: false,
  });
});
