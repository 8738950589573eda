import { createKeyring } from "../adapters/keyring/keyring.ts";
import { pruneKeys } from "../adapters/keyring/rotate.ts";
import { createPhoneVault } from "../adapters/keyring/vault.ts";
import type { SqlDatabase } from "../adapters/sql/database.ts";
import { createSweeps } from "../adapters/sql/maintenance/retention.ts";
import { serverNow } from "../adapters/sql/maintenance/server-clock.ts";
import { createTurns } from "../adapters/sql/maintenance/turns.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import type { Turns } from "../core/maintenance/ports.ts";
import {
  type Piece,
  type TickDeps,
  type TickOptions,
  type TickReport,
  tick,
} from "../core/maintenance/tick.ts";
import type { Observer } from "../core/observer.ts";
import type { Clock, Random } from "../core/ports.ts";
import { createForgetFailed } from "../core/protection/forget-failed.ts";
import { longestWindowMs } from "../core/protection/limits.ts";
import type { LimitStore } from "../core/protection/ports.ts";
import type { Log } from "../http/context.ts";
import { tellingOf } from "./alerts.ts";
import { learningOf } from "./learning.ts";
import { reportingOf } from "./reports.ts";

/** Moves accounts whose time has come, and sends the notices that are due. */
export type AccountJobs = Pick<Required<TickDeps["jobs"]>, "phone_changes" | "notices">;

export type Tick = (options?: TickOptions) => Promise<TickReport>;

interface MaintenanceDeps {
  readonly config: Config;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  /** Where the limits of requests are counted, wherever that is. */
  readonly limits: Pick<LimitStore, "forget">;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Pick<Observer, "onReport" | "onAlert">;
  readonly log: Pick<Log, "error">;
  /** What is to be done about accounts. */
  readonly accounts?: AccountJobs | undefined;
}

/**
 * Periodic work. What has to be removed is in the database: Redis forgets by itself, and so does memory. Verifications and
 * limits are looked for there also when they live elsewhere now, for what an earlier `STATE_URL` left behind.
 */
export function createTick(maintained: MaintenanceDeps): Tick {
  const { config, database, stores, clock, random } = maintained;
  const turns = createTurns(database);
  const deps = {
    sweeps: createSweeps(database, stores),
    turns,
    pruneKeys: (now: number) => pruneKeys({ store: stores.keys, clock: { now: () => now } }),
    jobs: jobsOf(maintained, turns),
    clock,
    databaseNow: () => serverNow(database),
    random,
    retention: config.retention,
    longestWindowMs: longestOf(config),
  };
  return (options) => tick(deps, options);
}

/** Of all that is counted: tickets that anybody can forge have windows of their own. */
function longestOf({ limits, challenges }: Config): number {
  const { disasterTickets = [] } = challenges.tencent;
  return Math.max(longestWindowMs(limits), ...disasterTickets.map(({ windowMs }) => windowMs));
}

function jobsOf(maintained: MaintenanceDeps, turns: Turns): TickDeps["jobs"] {
  const { config, stores, clock, accounts } = maintained;
  const alerts = tellingOf(config, stores.alertStore, clock);
  return {
    ...accounts,
    traffic: learningOf(maintained, turns),
    ...(alerts && { alerts }),
    ...(config.sender === "tencent" && { reports: reportsOf(maintained, turns) }),
  };
}

function reportsOf(maintained: MaintenanceDeps, turns: Turns): () => Promise<Piece> {
  const { config, stores, limits, clock, random, observer } = maintained;
  const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
  const vault = createPhoneVault({ keyring, random });
  const deps = { ...stores, ...observer, forgetFailed: createForgetFailed(limits), vault, clock, random };
  const report = reportingOf(config.tencent, deps, turns);
  return async () => {
    await keyring.ensure();
    return await report();
  };
}
