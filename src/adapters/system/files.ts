import { type Stats, statSync } from "node:fs";
import { doubtful, fine } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";

const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Whether only the owner can read and write files that hold secrets or personal data. Missing files are skipped, and so
 * is Windows, which has no such modes.
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

/** Undefined if the file cannot be inspected: the caller that uses it will report why. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** A folder that others may read shows them only names. In a folder that they may write they can replace its files. */
function isOpen(stats: Stats): boolean {
  if (!stats.isDirectory()) return (stats.mode & (OTHERS_READ | OTHERS_WRITE)) !== 0;
  return (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0;
}
