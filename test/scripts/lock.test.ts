import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const MODULE = join(import.meta.dirname, "../../scripts/lib/lock.js");
const PROCESSES = 6;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-lock-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A process that writes when it gets the lock and when it gives it back, after this time. */
function hold(milliseconds: number): ChildProcess {
  const script = `
    import { appendFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { withLock } from ${JSON.stringify(MODULE)};
    await withLock(${JSON.stringify(join(folder, "lock"))}, async () => {
      appendFileSync(${JSON.stringify(join(folder, "log"))}, "in\\n");
      await sleep(${milliseconds});
      appendFileSync(${JSON.stringify(join(folder, "log"))}, "out\\n");
    });`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
}

async function holdAtOnce(): Promise<string> {
  const exits = Array.from({ length: PROCESSES }, () => once(hold(30), "exit"));
  for (const [code] of await Promise.all(exits)) expect(code).toBe(0);
  return readFileSync(join(folder, "log"), "utf8");
}

it("the lock lets one process in at a time", async () => {
  expect(await holdAtOnce()).toBe("in\nout\n".repeat(PROCESSES));
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

it("the lock of a killed process is taken over, by one process at a time", async () => {
  const holder = hold(60_000);
  await expect.poll(() => existsSync(join(folder, "log")), { timeout: 10_000 }).toBe(true);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  rmSync(join(folder, "log"));
  expect(await holdAtOnce()).toBe("in\nout\n".repeat(PROCESSES));
});

it("an old lock whose process id belongs to another process is taken over", async () => {
  const file = join(folder, "lock", "pid");
  mkdirSync(join(folder, "lock"));
  writeFileSync(file, String(process.pid));
  utimesSync(file, new Date(0), new Date(0));
  expect(await holdAtOnce()).toBe("in\nout\n".repeat(PROCESSES));
});
