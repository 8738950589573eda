import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { ROOT, run } from "./run.js";

/**
 * Makes TypeScript programs runnable by Node.js alone, where its packages are found, and runs the one that is called `main`. Resolves
 * with its exit code.
 */
export async function runTypeScript(entries, words, env) {
  const outDir = join(ROOT, `node_modules/.cache/run-${process.pid}`);
  const input = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(ROOT, path)]));
  try {
    await build({
      configFile: false,
      logLevel: "error",
      build: { ssr: true, outDir, emptyOutDir: true, rolldownOptions: { input } },
    });
    return await run([process.execPath, join(outDir, "main.js"), ...words], { env });
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
