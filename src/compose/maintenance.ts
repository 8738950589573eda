import { createKeyring } from "../adapters/keyring/keyring.ts";
import { pruneKeys } from "../adapters/keyring/rotate.ts";
import { createPhoneVault } from "../adapters/keyring/vault.ts";
import type { SqlDatabase } from "../adapters/sql/database.ts";
import { createSweeps } from "../adapters/sql/retention.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import { createTurns } from "../adapters/sql/turns.ts";
import type { Config } from "../config.ts";
import type { Turns } from "../core/maintenance/ports.ts";
import { type TickDeps, type TickOptions, type TickReport, tick } from "../core/maintenance/tick.ts";
import type { Clock, Random } from "../core/ports.ts";
import { tellingOf } from "./alerts.ts";
import { reportingOf } from "./reports.ts";

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
export function createTick(maintained: MaintenanceDeps): Tick {
  const { config, database, stores, clock, random } = maintained;
  const turns = createTurns(database);
  const deps = {
    sweeps: createSweeps(database, stores),
    turns,
    pruneKeys: () => pruneKeys({ store: stores.keys, clock }),
    jobs: jobsOf(maintained, turns),
    clock,
    random,
    retention: config.retention,
  };
  return (options) => tick(deps, options);
}

function jobsOf({ config, stores, clock, random }: MaintenanceDeps, turns: Turns): TickDeps["jobs"] {
  const alerts = tellingOf(config, stores.alertStore, clock);
  const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
  const vault = createPhoneVault({ keyring, random });
  const report = reportingOf(config, { ...stores, vault, clock, random }, turns);
  const reports = async () => {
    await keyring.ensure();
    return (await report?.()) ?? { count: 0, isLast: true };
  };
  return { ...(alerts && { alerts }), ...(report && { reports }) };
}
