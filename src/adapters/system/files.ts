import { type Stats, statSync } from "node:fs";
import { doubtful, fine } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";

const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Whether files that hold secrets or people's data are for their owner alone. Files that are not there are skipped, and
 * so is Windows, which has no such modes.
 */
export function checkModes(paths: readonly string[], platform: string): readonly Finding[] {
  if (platform === "win32") return [];
  const there = paths.flatMap((path) => {
    const stats = statsOf(path);
    return stats ? [{ path, stats }] : [];
  });
  const open = there.filter(({ stats }) => isOpen(stats));
  if (open.length === 0 && there.length > 0)
    return [fine("files", "only their owner can read and change them")];
  return open.map(({ path, stats }) =>
    doubtful("files", `others can ${stats.isDirectory() ? "change" : "read"} ${path}`, {
      todo: `Run \`chmod go-${stats.isDirectory() ? "w" : "rwx"} ${path}\`.`,
    }),
  );
}

/** Undefined where it cannot be looked at; whoever uses it will be told why. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** A folder that others may read tells them names only; in one that they may write they can replace what is there. */
function isOpen(stats: Stats): boolean {
  if (!stats.isDirectory()) return (stats.mode & (OTHERS_READ | OTHERS_WRITE)) !== 0;
  return (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0;
}
