import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { createClient, newPhone } from "../process/client.ts";
import type { RunningServer } from "../support/server.ts";
import { judge } from "./judge.ts";
import { startLoad, type Truth } from "./load.ts";
import type { Ground } from "./stage.ts";

/** The long form is for the figures of `docs/reliability.md`; the short one runs with all tests. */
export const isLong = process.env.FAULTS === "long";

/** How long the load goes on before a fault and after the recovery from it, at least. */
const STEADY_MS = isLong ? 4_000 : 800;
/** How long a busy machine may take until something has happened. */
const PATIENCE_MS = 20_000;

/** How long recovery may take. */
const RECOVERY_MS = 10_000;

export interface Fault {
  readonly name: string;
  /** Begins the fault, or is all of it if there is no `heal`. */
  strike(): Promise<void> | void;
  /** How long it lasts, milliseconds. */
  readonly lastsMs: number;
  heal?(): Promise<void> | void;
  /** Whether people must have met a 503; a store that is only slow may still answer. */
  readonly isFelt: boolean;
  /** Whether processes are killed. */
  readonly kills?: true;
}

/** One row of `docs/reliability.md`. */
interface Figures {
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
export async function breakUnderLoad(stage: Ground, stores: string, fault: Fault): Promise<void> {
  const startedAt = Date.now();
  const pids = stage.servers.map(({ pid }) => pid);
  const watch = watchConnections(stage);
  const load = startLoad({
    servers: () => stage.servers,
    redisLostAt: () => stage.redisLostAt,
    areKilled: fault.kills === true,
  });
  const { people, statuses } = load.truth;
  await sleep(STEADY_MS);
  await until(() => people.length >= 5);
  await fault.strike();
  await sleep(fault.lastsMs);
  if (fault.isFelt) await until(() => statuses.has(503));
  await fault.heal?.();
  const recoveredMs = await recovery(stage.servers);
  const before = people.length;
  await sleep(STEADY_MS);
  await until(() => people.length >= before + 3);
  const truth = await load.stop();
  for (const id of truth.attacked.values()) stage.attacked.add(id);
  const connections = await watch.stop();
  const losses = await judge(stage, truth, startedAt);
  report(stores, fault, truth, {
    recoveredMs,
    ...(stage.connections && { connections: `${connections.most} of ${stage.connections.most}` }),
    lost: losses.lost.length,
    doubled: losses.doubled.length,
    overspent: losses.overspent.length,
  });

  expect(truth.surprises).toEqual([]);
  expect(losses).toEqual({ lost: [], doubled: [], overspent: [] });
  expect(recoveredMs).toBeLessThan(RECOVERY_MS);
  if (fault.isFelt) expect(truth.statuses.get(503)).toBeGreaterThan(0);
  expect(people.length).toBeGreaterThanOrEqual(before + 3);
  expect(Math.max(connections.most, connections.atLast)).toBeLessThanOrEqual(stage.connections?.most ?? 0);
  for (const server of stage.servers) expect(faultsOf(server)).toEqual([]);
  if (!fault.kills) expect(stage.servers.map(({ pid }) => pid).filter(isAlive)).toEqual(pids);
}

/** Resolves when the condition holds or time is over; the caller asserts it if it has to hold. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < deadline) await sleep(20);
}

/** Errors that are not caused by the absence of a store. */
function faultsOf(server: RunningServer): string[] {
  return server.faults().filter((line) => line.includes('"msg":"fault"'));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** How long it takes until every process has signed somebody in, milliseconds. */
async function recovery(servers: readonly RunningServer[]): Promise<number> {
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

/** Counts the connections to the database repeatedly, except while the database is away. */
function watchConnections(stage: Ground) {
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

async function countConnections({ connections }: Ground): Promise<number> {
  return (await connections?.list())?.length ?? 0;
}

type Measured = Omit<Figures, "fault" | "stores" | "answered" | "unavailable" | "people" | "slowestMs">;

function report(stores: string, { name }: Pick<Fault, "name">, truth: Truth, more: Measured): void {
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
