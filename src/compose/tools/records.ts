import { createKeyring, type ManagedKeyring } from "../../adapters/keyring/keyring.ts";
import { createPhoneVault } from "../../adapters/keyring/vault.ts";
import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { createSqlStores, type SqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Config } from "../../config.ts";
import type { Message, MessageStatus } from "../../core/delivery/ports.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { TEST_SENDER } from "../../core/verification/test-numbers.ts";
import { openMigrated } from "../database.ts";

/** What commands work with: the database, its stores, and the keys that open encrypted values in them. */
export interface Records {
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  readonly keyring: ManagedKeyring;
  readonly vault: ReturnType<typeof createPhoneVault>;
  readonly clock: Clock;
  readonly random: Random;
  close(): Promise<void>;
}

/** What became of a message of the record. */
export type Outcome = MessageStatus | "test_number";

/** Nobody received a message to a test number, whatever its status says. */
export function outcomeOf({ sender, status }: Pick<Message, "sender" | "status">): Outcome {
  return sender === TEST_SENDER.name ? "test_number" : status;
}

/**
 * Opens the records of this installation; servers may run beside it. Rejects if the database is not up to date, or if
 * `PHONEKEY_SECRETS` do not open its keys.
 */
export async function openRecords(config: Config): Promise<Records> {
  const parts = { clock: systemClock, random: systemRandom };
  return await createRecords(config, await openMigrated(config), parts);
}

/** Takes over a database that is up to date, and closes it, even if this rejects. */
export async function createRecords(
  { secrets }: Pick<Config, "secrets">,
  database: SqlDatabase,
  { clock, random }: Pick<Records, "clock" | "random">,
): Promise<Records> {
  const close = () => database.close();
  try {
    const stores = createSqlStores(database, { clock, onStaleKey: () => keyring.invalidate() });
    const keyring = createKeyring({ store: stores.keys, secrets, clock, random });
    await keyring.ensure();
    return { database, stores, keyring, vault: createPhoneVault({ keyring, random }), clock, random, close };
  } catch (error) {
    await close();
    throw error;
  }
}
