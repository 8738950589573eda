import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { buildIfStale } from "./build-if-stale.js";
import { ROOT, run } from "./lib/run.js";
import { findServices } from "./services.js";

const USE = `Usage: npm run scale -- [--users 100000] [--messages 3] [--pools 1G,256M] [--rounds 8] [--cycles 60]
                       [--connections 128] [--seconds 4] [--json]
Fills a database of its own with so many users, and so many messages for each, and measures what sign-ins cost.`;

/** Makes `bench/scale` runnable by Node.js alone, where its packages are found, and runs it. */
async function main(words) {
  if (words.includes("--help")) {
    console.log(USE);
    return 0;
  }
  if (!(await buildIfStale())) return 1;
  const { env } = await findServices({ mayInstall: false });
  const outDir = join(ROOT, `node_modules/.cache/scale-${process.pid}`);
  const ssr = join(ROOT, "bench/scale/main.ts");
  try {
    await build({ configFile: false, logLevel: "error", build: { ssr, outDir, emptyOutDir: true } });
    return await run([process.execPath, join(outDir, "main.js"), ...words], { env });
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
