import { pruneKeys } from "../../adapters/keyring/rotate.ts";
import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { createSweeps } from "../../adapters/sql/maintenance/retention.ts";
import { serverNow } from "../../adapters/sql/maintenance/server-clock.ts";
import { createTurns } from "../../adapters/sql/maintenance/turns.ts";
import type { SqlStores } from "../../adapters/sql/stores.ts";
import type { Config } from "../../config.ts";
import type { Turns } from "../../core/maintenance/ports.ts";
import {
  type DoPiece,
  type TickDeps,
  type TickOptions,
  type TickReport,
  tick,
} from "../../core/maintenance/tick.ts";
import type { Observer } from "../../core/observer.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { createForgetFailed } from "../../core/protection/guard/forget-failed.ts";
import type { LimitStore } from "../../core/protection/limits/ports.ts";
import { longestWindowMs } from "../../core/protection/limits/settings.ts";
import type { Log } from "../../http/context.ts";
import { alertsJob } from "../alerts.ts";
import { jobKeys } from "./keys.ts";
import { hearsReports, reportsJob } from "./reports.ts";
import { trafficJob } from "./traffic.ts";

/** The jobs about accounts: changes of number that are due, and notices. */
export type AccountJobs = Pick<Required<TickDeps["jobs"]>, "phone_changes" | "notices">;

export type Tick = (options?: TickOptions) => Promise<TickReport>;

interface MaintenanceDeps {
  readonly config: Config;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  /** The limits that requests count on, in the store that `STATE_URL` names. */
  readonly limits: Pick<LimitStore, "forget">;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Pick<Observer, "onReport" | "onAlert">;
  readonly log: Pick<Log, "error">;
  /** Absent where another process does them. */
  readonly accounts?: AccountJobs | undefined;
  /** Whether the turn is left to that process. */
  readonly leavesTurn?: boolean;
}

/**
 * Periodic work. Only the database has to be swept: Redis and memory forget by themselves. Verifications and limits in
 * the database are swept even if `STATE_URL` now names another store, because earlier ones may be left there.
 */
export function createTick(maintained: MaintenanceDeps): Tick {
  const { config, database, stores, clock, random, leavesTurn = false } = maintained;
  const turns = createTurns(database);
  const deps = {
    sweeps: createSweeps(database, stores),
    turns,
    pruneKeys: (now: number) => pruneKeys({ store: stores.keys, clock: { now: () => now } }),
    jobs: jobsOf(maintained, turns),
    leavesTurn,
    clock,
    databaseNow: () => serverNow(database),
    random,
    retention: config.retention,
    longestWindowMs: longestOf(config),
  };
  return (options) => tick(deps, options);
}

/**
 * How far back any limit looks, milliseconds. Tencent's disaster tickets, which anybody can forge, have windows of
 * their own.
 */
function longestOf({ limits, challenges }: Config): number {
  const { disasterTickets = [] } = challenges;
  return Math.max(longestWindowMs(limits), ...disasterTickets.map(({ windowMs }) => windowMs));
}

function jobsOf(maintained: MaintenanceDeps, turns: Turns): TickDeps["jobs"] {
  const { config, stores, clock, accounts } = maintained;
  const alerts = alertsJob(config, stores.alertStore, clock);
  return {
    ...accounts,
    traffic: trafficJob(maintained, turns),
    ...(alerts && { alerts }),
    ...(hearsReports(config) && { reports: reportsOf(maintained, turns) }),
  };
}

function reportsOf(maintained: MaintenanceDeps, turns: Turns): DoPiece {
  const { config, stores, limits, clock, random, observer } = maintained;
  const { vault, withKeys } = jobKeys(maintained);
  const deps = { ...stores, ...observer, forgetFailed: createForgetFailed(limits), vault, clock, random };
  return withKeys(reportsJob(config, deps, turns));
}
