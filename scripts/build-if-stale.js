import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = /^(src|web|tsconfig.*\.json|rolldown\.config\.ts|vite\.config\.ts|package-lock\.json)$/;

/**
 * Builds what is out of date, so that a clone runs after `npm ci` alone. Does nothing where there is no source
 * (an installed package carries its `dist/`). Resolves with false when the build failed, after printing why.
 */
export async function buildIfStale() {
  if (!existsSync(join(ROOT, "src")) || !isStale()) return true;
  if (!existsSync(join(ROOT, "node_modules", "rolldown"))) return explainMissingTools();
  // Loaded only now: an installed package has neither the compilers nor a use for this.
  const { build } = await import("./build.js");
  try {
    return await build({ isNeeded: isStale, onStart: () => console.error("Building Phonekey …") });
  } catch (error) {
    return explainUnwritable(error);
  }
}

function isStale() {
  const builtAt = newest(join(ROOT, "dist", ".built"));
  const sources = readdirSync(ROOT).filter((name) => SOURCES.test(name));
  return sources.some((name) => newest(join(ROOT, name)) > builtAt);
}

/**
 * Folders count too: their time changes when a file in them is removed or renamed. What is not there, because an editor has
 * just replaced it, or is its lock and a link to nowhere, is as old as can be.
 */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  const entries = stats.isDirectory() ? readdirSync(path) : [];
  return Math.max(stats.mtimeMs, ...entries.map((name) => newest(join(path, name))));
}

function explainMissingTools() {
  console.error("Phonekey is not built and its compilers are not installed. Run `npm ci` first.");
  return false;
}

function explainUnwritable(error) {
  if (!["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(error.code)) throw error;
  console.error(
    `Phonekey is older than its source and cannot be built here (${error.code}). Run \`npm run build\` as the folder's owner.`,
  );
  return false;
}
