import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Job, Sample } from "./job.ts";
import type { Stores } from "./stores.ts";
import type { Running } from "./systems.ts";

/** A sample, and what each part used for one cycle or request: milliseconds of a processor. */
export interface Measured extends Sample {
  readonly serverMs: number;
  readonly databaseMs: number;
  readonly redisMs: number;
  /** What it asked of the stores. */
  readonly statements: number;
  readonly commits: number;
  readonly scripts: number;
  /** Of all the server's processes, at the end, MB. */
  readonly rssMb: number;
  /** The same, before the first request. */
  readonly restMb: number;
}

/** The load generator, in a process of its own. */
export interface Generator {
  run(job: Job): Promise<Sample>;
  stop(): void;
}

export function startGenerator(): Generator {
  const program = join(dirname(fileURLToPath(import.meta.url)), "generator.js");
  const start = () => {
    const child: ChildProcess = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    return { child, ended: once(child, "exit").then(() => [{ error: "the load generator ended" }]) };
  };
  let running = start();
  return {
    async run(job) {
      if (running.child.exitCode !== null) running = start();
      const { child, ended } = running;
      child.send(job);
      const [answer] = (await Promise.race([once(child, "message"), ended])) as [
        { sample?: Sample; error?: string },
      ];
      if (!answer.sample) throw new Error(`${job.kind}: ${answer.error}`);
      return answer.sample;
    },
    stop: () => running.child.disconnect(),
  };
}

export async function measure(
  generator: Generator,
  stores: Stores,
  running: Running,
  job: Omit<Job, "urls" | "codeKey">,
): Promise<Omit<Measured, "restMb">> {
  const { urls, pids, codeKey } = running;
  const parts = { server: pids, database: [stores.mariadbPid], redis: [stores.redisPid] };
  const asked = await stores.counts();
  const before = usedBy(parts);
  const sample = await generator.run({ ...job, urls, ...(codeKey && { codeKey }) });
  const after = usedBy(parts);
  const { statements, commits, scripts } = await stores.counts();
  const count = Math.max(1, sample.perSecond * job.seconds);
  return {
    ...sample,
    serverMs: (after.server - before.server) / count,
    databaseMs: (after.database - before.database) / count,
    redisMs: (after.redis - before.redis) / count,
    statements: (statements - asked.statements) / count,
    commits: (commits - asked.commits) / count,
    scripts: (scripts - asked.scripts) / count,
    rssMb: pids.reduce((sum, pid) => sum + rssOf(pid), 0),
  };
}

function usedBy<K extends string>(parts: Record<K, readonly number[]>): Record<K, number> {
  const used = Object.entries<readonly number[]>(parts).map(([name, pids]) => [
    name,
    pids.reduce((sum, pid) => sum + processorMs(pid), 0),
  ]);
  return Object.fromEntries(used) as Record<K, number>;
}

/** What Linux says that the process used, in ticks of a hundredth of a second. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function rssOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1_024;
}
