import { createKeyring } from "../../adapters/keyring/keyring.ts";
import { createPhoneVault } from "../../adapters/keyring/vault.ts";
import { createSqlStores, type SqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Config } from "../../config.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { openMigrated } from "../database.ts";

/** The database's stores, and the vault that opens what is encrypted in them: what commands work with. */
export interface Records {
  readonly stores: SqlStores;
  readonly vault: ReturnType<typeof createPhoneVault>;
  readonly clock: Clock;
  readonly random: Random;
  close(): Promise<void>;
}

/**
 * Opens the records of this installation; servers may run beside it. Rejects where the database is not up to date, or
 * `PHONEKEY_SECRETS` do not open its keys.
 */
export async function openRecords(config: Config): Promise<Records> {
  const clock = systemClock;
  const random = systemRandom;
  const database = await openMigrated(config);
  try {
    const stores = createSqlStores(database, { clock, onStaleKey: () => keyring.invalidate() });
    const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
    await keyring.ensure();
    const vault = createPhoneVault({ keyring, random });
    return { stores, vault, clock, random, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}
