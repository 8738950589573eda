import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lib/lock.js";
import { capture, isMain, program, ROOT } from "./lib/run.js";

const DIST = join(ROOT, "dist");
const LOCK = ".lock";
/** Its modification time is when the last build that succeeded began. */
export const STAMP = join(DIST, ".built");

/**
 * Builds the server and the pages' scripts into `dist/`, unless `isNeeded` says, once nobody else is building,
 * that there is nothing to do. Prints what the compilers say only where one fails; resolves with whether none did.
 */
export async function build({ isNeeded = () => true, onStart = () => {} } = {}) {
  mkdirSync(DIST, { recursive: true });
  return withLock(join(DIST, LOCK), async () => {
    if (!isNeeded()) return true;
    onStart();
    return compile(new Date());
  });
}

async function compile(startedAt) {
  removeOutputs();
  const results = await Promise.all([server(), pages()].map(capture));
  const failed = results.filter((result) => result.code !== 0);
  for (const { output } of failed) console.error(output.trim());
  if (failed.length > 0) return false;
  writeFileSync(STAMP, "");
  // What is edited while the compilers run is newer than the stamp, and so is built next time.
  utimesSync(STAMP, startedAt, startedAt);
  return true;
}

/** A file whose source is gone must not stay importable, so nothing of the last build stays. */
function removeOutputs() {
  rmSync(STAMP, { force: true });
  for (const name of readdirSync(DIST)) {
    if (!name.startsWith(LOCK) || name.includes("abandoned"))
      rmSync(join(DIST, name), { recursive: true, force: true });
  }
}

function server() {
  return program("rolldown", "--config", "--logLevel", "silent");
}

function pages() {
  return program("vite", "build", "--logLevel", "warn");
}

if (isMain(import.meta.url)) process.exitCode = (await build()) ? 0 : 1;
