import { setTimeout as sleep } from "node:timers/promises";
import type { Kind } from "./job.ts";
import { type Generator, measure, rssOf } from "./measure.ts";
import type { Stores } from "./stores.ts";
import { NAMES, type Running, SYSTEMS, startSystem } from "./systems.ts";

const CONNECTIONS = 16;
/** How often the memory is looked at after the warm-up. */
const LOOKS = 10;
/** Of the time, before the first look. */
const WARM_UP_SHARE = 0.3;
/**
 * How many come together in the warm-up: what is prepared for a number of rows is kept by each connection to MariaDB, so that
 * the memory rises until there are all.
 */
const WARM_UP_CONNECTIONS = [64, 32, 16, 8, 4, 2, 1];
/**
 * Of the time, after the warm-up and before the first look: the connections to MariaDB that only the crowd needed are ended
 * after two minutes, and those that stay or are opened anew fill up.
 */
const SETTLING_SHARE = 0.3;
/** What is asked between two looks, by its share of the time. Every cycle of the first kind makes another user. */
const SHARES: readonly (readonly [kind: Kind, share: number])[] = [
  ["cycle, new number", 0.6],
  ["cycle, returning number", 0.2],
  ["wrong guess", 0.05],
  ["refused start", 0.05],
  ["refresh", 0.05],
  ["me", 0.05],
];
/** The heap that is in use may differ by so much, from the least to the most. */
const MOST_SPREAD = 0.05;
/** What answers left behind is let go by then. */
const QUIET_MS = 1_000;

/** What one look found. */
interface Look {
  readonly minute: number;
  /** Whole sign-ins until then. */
  readonly cycles: number;
  /** In use, once all garbage was collected. */
  readonly heapMb: number;
  /** Of the process, as it was under load. */
  readonly rssMb: number;
}

export interface SoakDeps {
  readonly stores: Stores;
  readonly generator: Generator;
  readonly log: (line: string) => void;
}

/** Whether memory stays as it is while people sign in: a table in Markdown, and the verdict. */
export async function soak(deps: SoakDeps, minutes: number): Promise<string> {
  const system = SYSTEMS.find(({ name }) => name === NAMES.redis);
  if (!system) throw new Error(`${NAMES.redis} is not measured`);
  const running = await startSystem(system, deps.stores);
  try {
    const slice = (minutes * 60) / LOOKS;
    let cycles = 0;
    for (const connections of WARM_UP_CONNECTIONS) {
      const seconds = (minutes * 60 * WARM_UP_SHARE) / WARM_UP_CONNECTIONS.length;
      cycles += await ask(deps, running, seconds, connections);
    }
    cycles += await ask(deps, running, minutes * 60 * SETTLING_SHARE, CONNECTIONS);
    const looks = [await look(running, 0, cycles)];
    for (let n = 1; n <= LOOKS; n += 1) {
      cycles += await ask(deps, running, slice, CONNECTIONS);
      looks.push(await look(running, (n * slice) / 60, cycles));
      deps.log(rowOf(looks.at(-1) as Look));
    }
    return report(looks, running.restMb);
  } finally {
    await running.stop();
  }
}

/** Asks for everything in turn; resolves with how many whole sign-ins there were. */
async function ask(
  { stores, generator }: SoakDeps,
  running: Running,
  seconds: number,
  connections: number,
): Promise<number> {
  let cycles = 0;
  for (const [kind, share] of SHARES) {
    const job = {
      kind,
      wire: "native",
      connections,
      seconds: Math.ceil(share * seconds),
    } as const;
    const { perSecond, failed } = await measure(generator, stores, running, job);
    if (failed > 0) throw new Error(`${kind}: ${failed} were not answered as they should be`);
    if (kind.startsWith("cycle")) cycles += Math.round(perSecond * job.seconds);
  }
  return cycles;
}

async function look(running: Running, minute: number, cycles: number): Promise<Look> {
  const rssMb = running.pids.reduce((sum, pid) => sum + rssOf(pid), 0);
  await sleep(QUIET_MS);
  return { minute, cycles, heapMb: await running.heapMb(), rssMb };
}

function report(looks: readonly Look[], restMb: number): string {
  const heaps = looks.map(({ heapMb }) => heapMb);
  const spread = Math.max(...heaps) / Math.min(...heaps) - 1;
  const verdict = spread <= MOST_SPREAD ? "flat" : "NOT FLAT";
  return [
    "| Minute | sign-ins so far | heap in use, MB | process, MB |",
    "| --- | --- | --- | --- |",
    ...looks.map(rowOf),
    "",
    `Before the first request the process had ${restMb.toFixed(0)} MB. The heap in use differed by ${(spread * 100).toFixed(1)} % from the least to the most: ${verdict}.`,
  ].join("\n");
}

function rowOf({ minute, cycles, heapMb, rssMb }: Look): string {
  return `| ${minute.toFixed(1)} | ${cycles} | ${heapMb.toFixed(1)} | ${rssMb.toFixed(0)} |`;
}
