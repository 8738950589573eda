import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildIfStale } from "./build-if-stale.js";
import { ROOT } from "./lib/run.js";
import { runTypeScript } from "./lib/run-typescript.js";
import { findServices } from "./services.js";

const USE = `Usage: npm run bench -- [--quick] [--rounds 8] [--seconds 3] [--only TEXT] [--fresh] [--write]
       npm run bench -- --soak [--minutes 10] [--write]
Measures sign-ins in turns with two floors, the demo and better-auth (\`npm ci --prefix bench/peers\`), on a MariaDB and a Redis
of its own. A run that was interrupted goes on where it stopped; --fresh begins anew. --only takes what has this text in its name.
--soak looks at the memory of a server while people sign in without end. --write puts the figures into docs/performance.md.`;

async function main(words) {
  if (words.includes("--help")) {
    console.log(USE);
    return 0;
  }
  if (!(await buildIfStale())) return 1;
  if (!existsSync(join(ROOT, "bench/peers/node_modules"))) {
    console.error(
      "The demo and better-auth are left out: run `npm ci --prefix bench/peers` to measure them, too.",
    );
  }
  const { env } = await findServices({ mayInstall: false });
  const entries = { main: "bench/speed/main.ts", generator: "bench/speed/generator.ts" };
  return await runTypeScript(entries, words, env);
}

process.exitCode = await main(process.argv.slice(2));
