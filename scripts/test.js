import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.js";
import { check } from "./check.js";
import { ROOT } from "./lib/run.js";
import { runVitest, summarize, tallyOf } from "./lib/tally.js";
import { findServices } from "./services.js";

/** The Vitest project whose tests need what `services.js` finds. */
const E2E = "e2e";
const mayMiss = process.env.SKIP_SERVICES === "1";

async function test() {
  const { env, missing } = await findServices({ mayInstall: !mayMiss });
  for (const sentence of missing) console.error(sentence);
  const services = missing.length === 0 || mayMiss ? [] : [tallyOf(false)];
  const built = await build();
  console.log(`${built ? "✓" : "✗"} build`);
  const checked = await check();
  const ran = missing.length === 0 ? await runVitest([], env) : await runVitestWithoutServices(env);
  return summarize([...services, tallyOf(built), ...checked, ran]);
}

async function runVitestWithoutServices(env) {
  const ran = await runVitest([`--project=!${E2E}`], env);
  const files = countTestFiles(join(ROOT, "test", E2E));
  console.log(`\nSKIPPED: test/${E2E} (files: ${files}), because a service is missing (see above).`);
  return { ...ran, skipped: ran.skipped + files };
}

function countTestFiles(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".test.ts")).length;
}

const { line, isPassed } = await test();
process.exitCode = isPassed ? 0 : 1;
console.log(line);
