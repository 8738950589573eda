import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
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
  rmSync(STAMP, { force: true });
  const before = outputs();
  const results = await Promise.all([server(), pages()].map(capture));
  const failed = results.filter((result) => result.code !== 0);
  for (const { output } of failed) console.error(output.trim());
  if (failed.length > 0) return false;
  removeUnwritten(before);
  writeFileSync(STAMP, "");
  // What is edited while the compilers run is newer than the stamp, and so is built next time.
  utimesSync(STAMP, startedAt, startedAt);
  return true;
}

/** What lies in `dist/` but the lock, by its path: when it was written. */
function outputs() {
  return readdirSync(DIST)
    .filter((name) => !name.startsWith(LOCK) || name.includes("abandoned"))
    .map((name) => join(DIST, name))
    .map((path) => ({ path, writtenAt: statSync(path).mtimeMs }));
}

/**
 * A file whose source is gone must not stay importable, so nothing stays that this build did not write. Only once it succeeded: a server
 * that runs from here looks for its files even where it has loaded them.
 */
function removeUnwritten(before) {
  const written = new Map(outputs().map(({ path, writtenAt }) => [path, writtenAt]));
  for (const { path, writtenAt } of before)
    if (written.get(path) === writtenAt) rmSync(path, { recursive: true, force: true });
}

function server() {
  return program("rolldown", "--config", "--logLevel", "silent");
}

function pages() {
  return program("vite", "build", "--logLevel", "warn");
}

if (isMain(import.meta.url)) process.exitCode = (await build()) ? 0 : 1;
