import { createConnection } from "mysql2/promise";
import { startRedis } from "../../test/support/services/redis.ts";
import { type Cost, measureCost } from "./cost.ts";
import { mariadbCounters, measureCounters, redisCounters, type Throughput } from "./counters.ts";
import type { Installation } from "./installation.ts";
import { startPhonekey } from "./phonekey.ts";
import { collectPlans, type Plan } from "./plans.ts";

export interface Options {
  readonly users: number;
  /** Sizes of the buffer pool to measure with, as MariaDB writes them: `1G`. */
  readonly pools: readonly string[];
  readonly rounds: number;
  /** Sign-ins of one round. */
  readonly cycles: number;
  readonly connections: number;
  readonly roundMs: number;
}

export interface Measured {
  readonly plans: readonly Plan[];
  readonly costs: readonly { readonly pool: string; readonly costs: readonly Cost[] }[];
  readonly counters: readonly Counted[];
}

/** What one store does with shared counters. */
interface Counted {
  readonly store: string;
  readonly awayMs: number;
  readonly throughput: readonly Throughput[];
}

/** How far away the store is, each way: on this machine, and across a network. */
const AWAY_MS = [0, 1];

export async function measure(
  { bare, filled }: { readonly bare: Installation; readonly filled: Installation },
  options: Options,
  log: (line: string) => void,
): Promise<Measured> {
  log("plans");
  const plans = await collectPlans(filled);
  const [onBare, onFilled] = await Promise.all([startPhonekey(bare), startPhonekey(filled)]);
  const costs: { pool: string; costs: readonly Cost[] }[] = [];
  const sides = {
    // So few that all of them are there once it is warm.
    bare: { installation: bare, phonekey: onBare, users: Math.ceil(options.cycles / 3) },
    filled: { installation: filled, phonekey: onFilled, users: options.users },
  };
  try {
    for (const pool of options.pools) {
      log(`sign-ins with a buffer pool of ${pool}`);
      await resizePool(filled, pool);
      costs.push({ pool, costs: await measureCost(sides, options) });
    }
  } finally {
    await Promise.all([onBare.stop(), onFilled.stop()]);
  }
  return { plans, costs, counters: await measureStores(bare, options, log) };
}

async function measureStores(
  { server }: Installation,
  options: Options,
  log: (line: string) => void,
): Promise<readonly Counted[]> {
  const redis = await startRedis();
  const mariadb = mariadbCounters({ ...server, database: "counters" }, options.connections);
  const counters: Counted[] = [];
  try {
    for (const store of [mariadb, redisCounters(redis)]) {
      for (const awayMs of AWAY_MS) {
        log(`shared counters in ${store.name}, ${awayMs} ms away`);
        const throughput = await measureCounters(store, { ...options, awayMs });
        counters.push({ store: store.name, awayMs, throughput });
      }
    }
  } finally {
    await redis.stop();
  }
  return counters;
}

/** Smaller, it throws pages out: what is measured next begins cold. */
async function resizePool({ server }: Installation, size: string): Promise<void> {
  const { host, port, user } = server;
  const bytes = Number.parseFloat(size) * (size.endsWith("G") ? 2 ** 30 : 2 ** 20);
  const root = await createConnection({ host, port, user });
  await root.query(`set global innodb_buffer_pool_size = ${bytes}`);
  await root.end();
}
