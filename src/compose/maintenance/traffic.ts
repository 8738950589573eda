import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { createTrafficStore } from "../../adapters/sql/protection/traffic-store.ts";
import type { SqlStores } from "../../adapters/sql/stores.ts";
import type { Config } from "../../config.ts";
import type { Turns } from "../../core/maintenance/ports.ts";
import type { Piece } from "../../core/maintenance/tick.ts";
import type { Observer } from "../../core/observer.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { learn } from "../../core/protection/guard/learn.ts";
import { watch } from "../../core/protection/watch.ts";
import type { Log } from "../../http/context.ts";
import { alertsOf } from "../alerts.ts";
import { moneySettings } from "../protection.ts";

interface TrafficDeps {
  readonly config: Config;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Pick<Observer, "onAlert">;
  readonly log: Pick<Log, "error">;
}

/** The job that learns from the traffic of the last days, and raises alerts about budgets and attacks in time. */
export function trafficJob(
  { config, database, stores, clock, random, observer, log }: TrafficDeps,
  turns: Turns,
): () => Promise<Piece> {
  const { baselines, alertStore, apiKeys } = stores;
  const traffic = createTrafficStore(database);
  const alerts = alertsOf({ store: alertStore, clock, random }, log, observer, (error) => {
    throw error;
  });
  const settings = { money: moneySettings(config.protection) };
  return async () => {
    const learned = await learn({ traffic, baselines, turns, clock, random });
    await watch({ traffic, baselines, apiKeys, alerts, standing: alertStore.standing, clock, settings });
    return { count: learned ? 1 : 0, isLast: true };
  };
}
