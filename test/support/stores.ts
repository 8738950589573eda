import { createKeyring } from "../../src/adapters/keyring/keyring.ts";
import { createPhoneVault } from "../../src/adapters/keyring/vault.ts";
import { createSqlStores } from "../../src/adapters/sql/stores.ts";
import { systemRandom as random } from "../../src/adapters/system/random.ts";
import type { Moving } from "../transfer/support.ts";

/** The stores and the vault of a running Phonekey, beside it. */
export async function storesOf({ world: { clock, config }, database }: Pick<Moving, "world" | "database">) {
  const stores = createSqlStores(database, { clock, onStaleKey: () => {} });
  const keyring = createKeyring({ store: stores.keys, secrets: config.secrets, clock, random });
  await keyring.ensure();
  return { stores, vault: createPhoneVault({ keyring, random }) };
}
