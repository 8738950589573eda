import { join } from "node:path";
import { createServer } from "vite";
import { ROOT } from "./lib/run.js";

const DOCUMENT = join(ROOT, "docs/attack.md");
const USE = `Usage: npm run attack -- [--write] [--only Pumping] [--form short] [--seed 1]
Plays attackers against a Phonekey of its own, and fails where a bound is broken. --write writes docs/attack.md anew.`;

/** Runs `test/attack`, which is TypeScript, straight from its sources. */
async function main(words) {
  if (words.includes("--help")) {
    console.log(USE);
    return 0;
  }
  const vite = await createServer({
    configFile: false,
    root: ROOT,
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { attack } = await vite.ssrLoadModule("/test/attack/main.ts");
    return await attack(words.flatMap((word) => (word === "--write" ? ["--write", DOCUMENT] : [word])));
  } finally {
    await vite.close();
  }
}

process.exitCode = await main(process.argv.slice(2));
