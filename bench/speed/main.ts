import { readFileSync, writeFileSync } from "node:fs";
import { readOptions, wrongUse } from "../../test/support/options.ts";
import { measureColdStarts } from "./cold.ts";
import { type Generator, measure, startGenerator } from "./measure.ts";
import { type Case, casesOf, nameOf } from "./plan.ts";
import { plotOf } from "./plot.ts";
import { tablesOf } from "./report.ts";
import { openResults, type Results } from "./results.ts";
import { soak } from "./soak.ts";
import { type Stores, startStores } from "./stores.ts";
import { type Running, type System, startSystem } from "./systems.ts";

const OPTIONS = {
  rounds: { type: "string", default: "8" },
  seconds: { type: "string", default: "3" },
  quick: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  only: { type: "string", default: "" },
  write: { type: "boolean", default: false },
  soak: { type: "boolean", default: false },
  minutes: { type: "string", default: "10" },
} as const;

const RESULTS = "node_modules/.cache/bench/results.jsonl";
const PAGE = "docs/performance.md";
const PLOT = "docs/performance.svg";
const IMAGE = "![Whole sign-ins a second](performance.svg)";

function log(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
}

/** So long people sign in before a system is measured at all: until then its code is compiled, bit by bit. */
const WARM_UP_SECONDS = 12;
/** So long the same is asked before each figure. */
const AGAIN_SECONDS = 2;

/** What runs at the moment; each system is started when it is first measured. */
function createRunning(stores: Stores, warmUp: (system: System, running: Running) => Promise<void>) {
  const started = new Map<System, Promise<Running>>();
  const start = async (system: System) => {
    const running = await startSystem(system, stores);
    if (!system.isShortLived) await warmUp(system, running);
    return running;
  };
  return {
    async of(system: System): Promise<Running> {
      const running = started.get(system) ?? start(system);
      started.set(system, running);
      return await running;
    },
    /** Whoever asks for it next gets another one. */
    async end(system: System): Promise<void> {
      const running = started.get(system);
      started.delete(system);
      await (await running)?.stop();
    },
    async stop() {
      const all = await Promise.allSettled(started.values());
      for (const each of all) if (each.status === "fulfilled") await each.value.stop();
    },
  };
}

interface Bench {
  readonly stores: Stores;
  readonly generator: Generator;
  readonly running: ReturnType<typeof createRunning>;
  readonly results: Results;
  readonly seconds: number;
}

/** Nothing that fails keeps the rest from being measured: it is noted, and tried again by the next run. */
async function measureCase(
  { stores, generator, running, results, seconds }: Bench,
  each: Case,
  round: number,
) {
  const name = nameOf(each);
  const { kind, connections, system } = each;
  try {
    const job = { kind, connections, wire: system.wire, seconds };
    if (system.isShortLived) await running.end(system);
    const of = await running.of(system);
    // While others had their turn its connections may have been ended for being silent, and what they had prepared with them.
    await measure(generator, stores, of, { ...job, seconds: Math.min(AGAIN_SECONDS, seconds) });
    const measured = { ...(await measure(generator, stores, of, job)), restMb: of.restMb };
    results.add({ name, round, measured });
    log(
      `${round + 1}  ${name}: ${measured.perSecond.toFixed(0)} a second, p99 ${measured.p99.toFixed(1)} ms`,
    );
    if (measured.failed > 0) log(`   ${measured.failed} were not answered as they should be`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    results.add({ name, round, error: text });
    log(`${round + 1}  ${name}: ${text}`);
  }
}

function noted(error: unknown): readonly string[] {
  log(`cold starts: ${error instanceof Error ? error.message : String(error)}`);
  return [];
}

/** Puts a text into the page, between the marks of its part. */
function write(part: "figures" | "soak", text: string): void {
  const [begin, end] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const [before, rest = ""] = readFileSync(PAGE, "utf8").split(begin);
  const [, after = ""] = rest.split(end);
  writeFileSync(PAGE, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

type Options = ReturnType<typeof readOptions<typeof OPTIONS>>;

async function runSoak(values: Options): Promise<void> {
  const stores = await startStores();
  const generator = startGenerator();
  try {
    const text = await soak({ stores, generator, log }, Number(values.minutes));
    console.log(text);
    if (values.write) write("soak", text);
  } finally {
    generator.stop();
    await stores.stop();
  }
}

async function runBench(values: Options): Promise<void> {
  const rounds = values.quick ? 2 : Number(values.rounds);
  const seconds = values.quick ? 1 : Number(values.seconds);
  const results = openResults(RESULTS, { isFresh: values.fresh });
  const wanted = casesOf().filter((each) => nameOf(each).includes(values.only));
  if (wanted.length === 0) wrongUse(`nothing has "${values.only}" in its name`);
  const stores = await startStores();
  const generator = startGenerator();
  const running = createRunning(stores, async ({ wire, answers }, of) => {
    const kind = answers.includes("nothing") ? "nothing" : "cycle, new number";
    await measure(generator, stores, of, { kind, connections: 16, wire, seconds: WARM_UP_SECONDS });
  });
  const bench = { stores, generator, running, results, seconds };
  let coldStarts: readonly string[] = [];
  try {
    if (!values.only) coldStarts = await measureColdStarts(stores).catch(noted);
    for (let round = 0; round < rounds; round += 1) {
      // Whoever is first in one round is last in another.
      const turned = round % 2 === 0 ? wanted : wanted.toReversed();
      const left = turned.filter((each) => !results.has(nameOf(each), round));
      for (const each of left) await measureCase(bench, each, round);
    }
  } finally {
    await running.stop();
    generator.stop();
    await stores.stop();
  }
  const tables = tablesOf(results, coldStarts);
  console.log(tables);
  if (!values.write) return;
  write("figures", `${IMAGE}\n\n${tables}`);
  writeFileSync(PLOT, plotOf(results));
}

const values = readOptions(OPTIONS);
await (values.soak ? runSoak(values) : runBench(values));
