import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 50;
/** No build takes this long: an older lock was left behind, even if another process has its id by now. */
const ABANDONED_MS = 300_000;

/** Does `work` while no other process does work under the same lock, a folder that lives as long as the work. */
export async function withLock(lock, work) {
  while (!acquire(lock)) {
    removeIfAbandoned(lock);
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    release(lock);
  }
}

/** Renames a filled folder into place: atomic, and refused by the file system where a filled one stands already. */
function acquire(lock) {
  const mine = ownFolder(lock);
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, "pid"), String(process.pid));
  try {
    renameSync(mine, lock);
    return true;
  } catch {
    rmSync(mine, { recursive: true, force: true });
    return false;
  }
}

/** Moves it away before it is emptied: on an emptied folder another process may put its own. */
function release(lock) {
  const mine = ownFolder(lock);
  try {
    renameSync(lock, mine);
  } catch {
    // Somebody took it for abandoned.
  }
  rmSync(mine, { recursive: true, force: true });
}

function ownFolder(lock) {
  return `${lock}.${process.pid}`;
}

/** Of several that find the same lock abandoned, one moves it away; the others' rename is refused. */
function removeIfAbandoned(lock) {
  try {
    const pid = Number(readFileSync(join(lock, "pid"), "utf8"));
    const ageMs = Date.now() - statSync(join(lock, "pid")).mtimeMs;
    if (isAlive(pid) && ageMs < ABANDONED_MS) return;
    renameSync(lock, `${lock}.abandoned-${pid}`);
  } catch {
    // Released or taken over in the meantime: the caller tries again.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
