import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.js";
import { check } from "./check.js";
import { ROOT } from "./lib/run.js";
import { runVitest, summarize, tallyOf } from "./lib/tally.js";
import { findServices } from "./services.js";

const mayMiss = process.env.SKIP_SERVICES === "1";

async function test() {
  const { env, missing, skipped } = await findServices({ mayInstall: !mayMiss });
  for (const sentence of missing) console.error(sentence);
  const services = missing.length === 0 || mayMiss ? [] : [tallyOf(false)];
  const built = await build();
  console.log(`${built ? "✓" : "✗"} build`);
  const checked = await check();
  const ran = await runVitestWithout(skipped, env);
  return summarize([...services, tallyOf(built), ...checked, ran]);
}

/** What cannot be run is counted by its files, and named. */
async function runVitestWithout(skipped, env) {
  const ran = await runVitest(
    skipped.map(({ project }) => `--project=!${project}`),
    env,
  );
  const all = readdirSync(join(ROOT, "test"), { recursive: true });
  for (const { name, files } of skipped) {
    const count = all.filter((file) => files.test(file)).length;
    console.log(`\nSKIPPED: the tests on ${name} (files: ${count}), because it is missing (see above).`);
    ran.skipped += count;
  }
  return ran;
}

const { line, isPassed } = await test();
process.exitCode = isPassed ? 0 : 1;
console.log(line);
