import { pruneKeys } from "../adapters/keyring/rotate.ts";
import type { SqlDatabase } from "../adapters/sql/database.ts";
import { createSweeps } from "../adapters/sql/retention.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import { createTurns } from "../adapters/sql/turns.ts";
import type { Config } from "../config.ts";
import { type TickOptions, type TickReport, tick } from "../core/maintenance/tick.ts";
import type { Clock, Random } from "../core/ports.ts";
import { tellingOf } from "./alerts.ts";

export type Tick = (options?: TickOptions) => Promise<TickReport>;

interface MaintenanceDeps {
  readonly config: Config;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Periodic work. It is all in the database: Redis forgets by itself, and so does memory. Verifications and limits are
 * looked for there also when they live elsewhere now, for what an earlier `STATE_URL` left behind.
 */
export function createTick({ config, database, stores, clock, random }: MaintenanceDeps): Tick {
  const telling = tellingOf(config, stores.alertStore, clock);
  const deps = {
    sweeps: createSweeps(database, stores),
    turns: createTurns(database),
    pruneKeys: () => pruneKeys({ store: stores.keys, clock }),
    jobs: { ...(telling && { alerts: telling }) },
    clock,
    random,
    retention: config.retention,
  };
  return (options) => tick(deps, options);
}
