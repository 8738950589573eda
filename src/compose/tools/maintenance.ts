import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { createSqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { createLog } from "../../adapters/system/log.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Config } from "../../config.ts";
import { UNOBSERVED } from "../../core/observer.ts";
import { openMigrated } from "../database.ts";
import { accountJobs } from "../maintenance/accounts.ts";
import { createTick, type Tick } from "../maintenance/maintenance.ts";
import { openState } from "../state.ts";

interface MaintenanceTools {
  readonly tick: Tick;
  close(): Promise<void>;
}

/** Opens the database for periodic work; servers may run beside it. Rejects if it is not up to date. */
export async function maintenanceTools(config: Config): Promise<MaintenanceTools> {
  const database = await openMigrated(config);
  try {
    return await toolsOn(database, config);
  } catch (error) {
    await database.close();
    throw error;
  }
}

const SILENT = { error: () => {}, warn: () => {} };

async function toolsOn(database: SqlDatabase, config: Config): Promise<MaintenanceTools> {
  const basics = { config, clock: systemClock, random: systemRandom };
  const stores = createSqlStores(database, { ...basics, onStaleKey: () => {} });
  // The job that needs Redis opens it. If that fails, only this job fails, and all others are still done.
  const state = await openState(config, stores, SILENT, { isOnDemand: true });
  const log = createLog(config.logLevel, process.stderr);
  const deps = { ...basics, log, database, stores, limits: state.limits };
  const accounts = accountJobs({ ...deps, verifications: state.verifications });
  return {
    tick: createTick({ ...deps, observer: UNOBSERVED, accounts, leavesTurn: accounts === undefined }),
    close: async () => void (await Promise.all([state.close(), database.close()])),
  };
}
