import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { createClient, newPhone } from "../process/client.ts";
import type { RunningServer } from "../support/server.ts";
import { judge } from "./judge.ts";
import { startLoad, type Truth } from "./load.ts";
import type { Stage } from "./stage.ts";

/** The long form takes its time, for the figures of `docs/reliability.md`; the short one runs with all tests. */
export const isLong = process.env.FAULTS === "long";

/** Recovery by itself may take so long. */
const RECOVERY_MS = 10_000;

export interface Fault {
  readonly name: string;
  /** Begins it, or is all of it where there is no `heal`. */
  strike(): Promise<void> | void;
  /** How long it lasts, milliseconds. */
  readonly lastsMs: number;
  heal?(): Promise<void> | void;
  /** Whether people must have met a 503: what is only slow may be answered. */
  readonly isFelt: boolean;
  /** Whether processes are killed. */
  readonly kills?: true;
}

/** One row of `docs/reliability.md`. */
export interface Figures {
  readonly fault: string;
  readonly stores: string;
  readonly answered: number;
  readonly unavailable: number;
  readonly people: number;
  readonly slowestMs: number;
  readonly recoveredMs: number;
  readonly connections?: string;
  readonly lost: number;
  readonly doubled: number;
  readonly overspent: number;
}

/** Breaks something under steady load, and asserts what must hold whatever breaks. */
export async function breakUnderLoad(stage: Stage, stores: string, fault: Fault): Promise<void> {
  const pids = stage.servers.map(({ pid }) => pid);
  const watch = watchConnections(stage);
  const load = startLoad({
    servers: () => stage.servers,
    redisLostAt: () => stage.redisLostAt,
    areKilled: fault.kills === true,
  });
  await sleep(isLong ? 4_000 : 800);
  await fault.strike();
  await sleep(fault.lastsMs);
  await fault.heal?.();
  const recoveredMs = await recovery(stage.servers);
  await sleep(isLong ? 4_000 : 800);
  const truth = await load.stop();
  for (const id of truth.attacked.values()) stage.attacked.add(id);
  const { most, atLast } = await watch.stop();
  const losses = await judge(stage, truth);
  report(stores, fault, truth, {
    recoveredMs,
    connections: `${most} of ${stage.pools}`,
    lost: losses.lost.length,
    doubled: losses.doubled.length,
    overspent: losses.overspent.length,
  });

  expect(truth.surprises).toEqual([]);
  expect(losses).toEqual({ lost: [], doubled: [], overspent: [] });
  expect(recoveredMs).toBeLessThan(RECOVERY_MS);
  expect(truth.people.length).toBeGreaterThan(5);
  if (fault.isFelt) expect(truth.statuses.get(503)).toBeGreaterThan(0);
  expect(atLast).toBeLessThanOrEqual(stage.pools);
  expect(most).toBeLessThanOrEqual(stage.pools);
  for (const server of stage.servers) expect(faultsOf(server)).toEqual([]);
  if (!fault.kills) expect(stage.servers.map(({ pid }) => pid).filter(isAlive)).toEqual(pids);
}

/** What was thrown and is no store's absence. */
export function faultsOf(server: RunningServer): string[] {
  return server.faults().filter((line) => line.includes('"msg":"fault"'));
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** How long it takes until every process has signed somebody in, milliseconds. */
export async function recovery(servers: readonly RunningServer[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    servers.map(async (server) => {
      while (performance.now() - began < RECOVERY_MS) {
        try {
          await createClient(server).signIn(newPhone());
          return;
        } catch {
          await sleep(50);
        }
      }
    }),
  );
  return Math.round(performance.now() - began);
}

/** Counts the connections to the database again and again. Where the database is away there is nothing to count. */
function watchConnections(stage: Stage) {
  let most = 0;
  let isRunning = true;
  const running = (async () => {
    while (isRunning) {
      most = Math.max(most, await countConnections(stage).catch(() => 0));
      await sleep(100);
    }
  })();
  return {
    async stop() {
      isRunning = false;
      await running;
      return { most, atLast: await countConnections(stage) };
    },
  };
}

async function countConnections(stage: Stage): Promise<number> {
  return (await stage.connections()).length;
}

type Measured = Omit<Figures, "fault" | "stores" | "answered" | "unavailable" | "people" | "slowestMs">;

export function report(stores: string, { name }: Pick<Fault, "name">, truth: Truth, more: Measured): void {
  const unavailable = truth.statuses.get(503) ?? 0;
  const all = [...truth.statuses.values()].reduce((sum, count) => sum + count, 0);
  const figures: Figures = {
    fault: name,
    stores,
    answered: all - unavailable,
    unavailable,
    people: truth.people.length,
    slowestMs: Math.round(truth.slowestMs),
    ...more,
  };
  const file = process.env.FAULTS_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify(figures)}\n`);
  else console.log(JSON.stringify(figures));
}
