import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/support/ports.ts";
import { makeUsual } from "./installation.ts";
import type { Job, Kind } from "./job.ts";
import { rssOf } from "./measure.ts";
import type { Stores } from "./stores.ts";

/** What is measured: a program, what it keeps its state in, and as how many processes it runs. */
export interface System {
  readonly name: string;
  readonly wire: Job["wire"];
  readonly program: string;
  readonly processes: number;
  /** What of it is measured, cycles aside. */
  readonly answers: readonly Kind[];
  /** Set where it does not live for more than one figure. */
  readonly isShortLived?: true;
  readonly settings: (stores: Stores, folder: string) => Promise<Record<string, string>>;
}

export interface Running {
  readonly urls: readonly string[];
  readonly pids: readonly number[];
  readonly codeKey?: string;
  /** Resident memory of all its processes before the first request, MB. */
  readonly restMb: number;
  /** What of the heap of its first process is in use once all garbage was collected, MB; of Phonekey alone. */
  heapMb(): Promise<number>;
  stop(): Promise<void>;
}

const PHONEKEY = "bench/speed/phonekey.js";

/**
 * All limits, budgets and the guard are on, with thresholds that no load of ours reaches: a setting takes no more than this,
 * so what everybody's sends count on together is looked at over ten minutes, for the sake of long soaks.
 */
const PROTECTED = {
  GUARD_MODE: "enforce",
  LIMIT_PHONE_SENDS: "900000/1h,900000/24h",
  LIMIT_ADDRESS_SENDS: "900000/1h",
  LIMIT_DEVICE_SENDS: "900000/1h,900000/24h",
  LIMIT_PREFIX_SENDS: "900000/10m",
  LIMIT_COUNTRY_SENDS: "900000/10m",
  LIMIT_TOTAL_SENDS: "900000/10m",
  LIMIT_ADDRESS_CHECKS: "900000/5m",
  SPEND_HOUR: "4000000 CNY",
  SPEND_DAY: "4000000 CNY",
  TRUSTED_PROXIES: "loopback",
  PUBLIC_URL: "http://phonekey.localhost",
};

const ALL: readonly Kind[] = ["start", "check", "wrong guess", "refused start", "refresh", "me"];

function phonekey(
  name: string,
  processes: number,
  at: (stores: Stores, folder: string) => Promise<object>,
): System {
  const settings: System["settings"] = async (stores, folder) => ({
    ...PROTECTED,
    PHONEKEY_SECRETS: randomBytes(36).toString("base64"),
    ...(await at(stores, folder)),
  });
  const answers = processes === 1 ? ALL : [];
  return { name, wire: "native", program: PHONEKEY, processes, answers, settings };
}

function bare(
  name: string,
  program: string,
  { wire = "native", answers = [], ...more }: Partial<Pick<System, "wire" | "answers" | "isShortLived">> = {},
): System {
  const settings: System["settings"] = async (stores) => ({
    DATABASE_URL: await stores.newDatabase(name.replace(/\W/g, "_")),
    REDIS_URL: stores.redis.url,
  });
  return { name, wire, program, processes: 1, answers, settings, ...more };
}

const withRedis = (name: string) => async (stores: Stores) => ({
  DATABASE_URL: await stores.newDatabase(name),
  STATE_URL: stores.redis.url,
});

/** As the tables name them. */
export const NAMES = {
  redis: "Phonekey, MariaDB and Redis",
  mariadb: "Phonekey, MariaDB",
  sqlite: "Phonekey, SQLite",
  two: "Phonekey, MariaDB and Redis, two processes",
  least: "floor: least I/O",
  same: "floor: same writes",
  demo: "the demo",
  betterAuth: "better-auth",
} as const;

export const SYSTEMS: readonly System[] = [
  phonekey(NAMES.redis, 1, withRedis("phonekey_redis")),
  phonekey(NAMES.mariadb, 1, async (stores) => ({
    DATABASE_URL: await stores.newDatabase("phonekey_alone"),
  })),
  phonekey(NAMES.sqlite, 1, async (_stores, folder) => ({
    DATABASE_URL: `sqlite:${join(folder, "phonekey.db")}`,
  })),
  phonekey(NAMES.two, 2, withRedis("phonekey_two")),
  bare(NAMES.least, "bench/floor/least-io.js", { answers: ["start", "check", "me"] }),
  bare(NAMES.same, "bench/floor/same-writes.js", { answers: ["start", "check"] }),
  bare(NAMES.demo, "bench/peers/demo.js", { wire: "demo", isShortLived: true }),
  bare(NAMES.betterAuth, "bench/peers/better-auth.js", { wire: "better-auth" }),
  bare("empty", "bench/floor/empty.js", { answers: ["nothing"] }),
];

/** What is loaded at the start is let go again by then. */
const REST_MS = 1_000;

/** Starts a system's processes, one after the other: the first one makes the tables. */
export async function startSystem(system: System, stores: Stores): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-bench-"));
  const settings = await system.settings(stores, folder);
  const started: { child: ChildProcess; url: string }[] = [];
  for (let n = 0; n < system.processes; n += 1)
    started.push(await startProcess(system.program, settings, folder));
  const codeKey = system.program === PHONEKEY ? await makeUsual(settings) : undefined;
  const [first] = started;
  const pids = started.map(({ child }) => child.pid ?? 0);
  await sleep(REST_MS);
  return {
    urls: started.map(({ url }) => url),
    pids,
    restMb: pids.reduce((sum, pid) => sum + rssOf(pid), 0),
    ...(codeKey && { codeKey }),
    async heapMb() {
      first?.child.send("heap");
      const [{ heapBytes }] = (await once(first?.child as ChildProcess, "message")) as [
        { heapBytes: number },
      ];
      return heapBytes / 1_048_576;
    },
    async stop() {
      for (const { child } of started) {
        child.disconnect();
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(program: string, settings: Record<string, string>, cwd: string) {
  const port = await freePort();
  const child = fork(resolve(program), {
    cwd,
    execArgv: (process.env.BENCH_NODE_OPTIONS ?? "").split(" ").filter(Boolean),
    env: { PATH: process.env.PATH, ...settings, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${program} ended with ${code} before it listened`);
  });
  await Promise.race([once(child, "message"), ended]);
  ended.catch(() => {});
  return { child, url: `http://127.0.0.1:${port}` };
}
