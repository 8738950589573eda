import { buildIfStale } from "./build-if-stale.js";
import { runTypeScript } from "./lib/run-typescript.js";
import { findServices } from "./services.js";

const USE = `Usage: npm run scale -- [--users 100000] [--messages 3] [--pools 1G,256M] [--rounds 8] [--cycles 60]
                       [--connections 128] [--seconds 4] [--json]
Fills a database of its own with so many users, and so many messages for each, and measures what sign-ins cost.`;

async function main(words) {
  if (words.includes("--help")) {
    console.log(USE);
    return 0;
  }
  if (!(await buildIfStale())) return 1;
  const { env } = await findServices({ mayInstall: false });
  return await runTypeScript({ main: "bench/scale/main.ts" }, words, env);
}

process.exitCode = await main(process.argv.slice(2));
