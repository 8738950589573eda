import { randomBytes } from "node:crypto";
import { connectRedis } from "../../src/adapters/redis/connection.ts";
import { createRedisLimitStore } from "../../src/adapters/redis/limits.ts";
import { createLimitStore } from "../../src/adapters/sql/limits/store.ts";
import { migrate } from "../../src/adapters/sql/migrations/migrate.ts";
import type { MysqlServer } from "../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../src/adapters/sql/mysql/open.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { Limit, LimitStore } from "../../src/core/protection/limits/ports.ts";
import { startProxy } from "../../test/support/services/tcp-proxy.ts";
import { median } from "./cost.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More than anybody takes in a run. */
const MAX = 900_000;

/** What all takes share: nothing, a counter, or two sums of money. */
const SHARINGS = ["none", "counter", "sums"] as const;
export type Sharing = (typeof SHARINGS)[number];

export interface Throughput {
  readonly sharing: Sharing;
  /** Takes a second, by round. */
  readonly perSecond: readonly number[];
  /** To those that share none, of the same round. */
  readonly ratios: readonly number[];
}

export interface CounterOptions {
  /** How many takes run at a time; in MariaDB each on a connection of its own. */
  readonly connections: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** How long it takes to the store, each way, milliseconds: it is on another machine. */
  readonly awayMs: number;
}

/** Where limits are kept, on a server that may be far away. */
export interface CounterStore {
  readonly name: string;
  /** @param port of the server, or of what stands before it */
  open(port: number): Promise<{ readonly store: LimitStore; close(): Promise<void> }>;
  readonly port: number;
}

export function mariadbCounters(server: MysqlServer, connections: number): CounterStore {
  return {
    name: "MariaDB",
    port: server.port,
    async open(port) {
      const database = await openMysql({ ...server, port }, { connections, waitMs: 60_000 });
      await migrate(database, systemClock);
      return { store: createLimitStore(database), close: () => database.close() };
    },
  };
}

export function redisCounters({ port }: { readonly port: number }): CounterStore {
  return {
    name: "Redis",
    port,
    async open(at) {
      const redis = await connectRedis({ topology: "single", hosts: [{ host: "127.0.0.1", port: at }] });
      return { store: createRedisLimitStore(redis), close: () => redis.close() };
    },
  };
}

/** How many takes go through at once where all of them count on one key, in turns with takes that share nothing. */
export async function measureCounters(
  counters: CounterStore,
  options: CounterOptions,
): Promise<readonly Throughput[]> {
  const proxy = await startProxy({ host: "127.0.0.1", port: counters.port });
  proxy.delay(options.awayMs);
  const { store, close } = await counters.open(options.awayMs > 0 ? proxy.port : counters.port);
  try {
    const perSecond = new Map(SHARINGS.map((each) => [each, [] as number[]]));
    await takesPerSecond(store, "none", options);
    for (let round = 0; round < options.rounds; round++) {
      for (const sharing of inTurn(round))
        perSecond.get(sharing)?.push(await takesPerSecond(store, sharing, options));
    }
    const alone = perSecond.get("none") ?? [];
    return [...perSecond].map(([sharing, each]) => ({
      sharing,
      perSecond: each,
      ratios: each.map((takes, round) => takes / (alone[round] ?? takes)),
    }));
  } finally {
    await close();
    proxy.close();
  }
}

function inTurn(round: number): readonly Sharing[] {
  const first = round % SHARINGS.length;
  return [...SHARINGS.slice(first), ...SHARINGS.slice(0, first)];
}

async function takesPerSecond(
  store: LimitStore,
  sharing: Sharing,
  { connections, roundMs }: CounterOptions,
): Promise<number> {
  const run = randomBytes(8).toString("hex");
  const until = performance.now() + roundMs;
  let taken = 0;
  const caller = async () => {
    while (performance.now() < until) {
      const member = randomBytes(16).toString("base64url");
      const result = await store.take({ member, limits: limitsOf(member, sharing, run) }, Date.now());
      if (!result.ok) throw new Error(`refused by ${result.refusedBy}`);
      taken += 1;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, caller));
  return taken / ((performance.now() - began) / 1_000);
}

/** What a start counts on for its phone; and what all starts count on. */
function limitsOf(phone: string, sharing: Sharing, run: string): readonly Limit[] {
  const windows = [{ max: 5, windowMs: HOUR_MS }];
  const own = ["resend", "phone_side", "phone"].map((name) => ({ name, key: `${name}:${phone}`, windows }));
  if (sharing === "none") return own;
  if (sharing === "counter") {
    const windows = [{ max: MAX, windowMs: HOUR_MS }];
    return [...own, { name: "total", key: `total:${run}`, windows }];
  }
  const spent = { key: `spend:${run}`, amount: 1 };
  return [
    ...own,
    { name: "spend_hour", ...spent, windows: [{ max: MAX, windowMs: HOUR_MS }] },
    { name: "spend_day", ...spent, windows: [{ max: MAX, windowMs: DAY_MS }] },
  ];
}

export function summaryOf({ perSecond, ratios }: Throughput): {
  readonly perSecond: number;
  readonly ratio: number;
} {
  return { perSecond: median(perSecond), ratio: median(ratios) };
}
