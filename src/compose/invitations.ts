import { createKeyring } from "../adapters/keyring/keyring.ts";
import { createPhoneVault } from "../adapters/keyring/vault.ts";
import { createSqlStores } from "../adapters/sql/stores.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { systemRandom } from "../adapters/system/random.ts";
import type { Config } from "../config.ts";
import { invite, type ListedInvitation, listInvitations, uninvite } from "../core/account/invite.ts";
import type { Phone } from "../core/phone.ts";
import { assertMigrated, openDatabase } from "./database.ts";

/** What `phonekey users invite` works with. */
export interface InvitationTools {
  add(phone: Phone): Promise<boolean>;
  remove(phone: Phone): Promise<boolean>;
  list(): AsyncIterable<ListedInvitation>;
  close(): Promise<void>;
}

/** Opens the database for invitations; servers may run beside it. Rejects where it is not up to date. */
export async function invitationTools(config: Config): Promise<InvitationTools> {
  await assertMigrated(config);
  const [clock, random] = [systemClock, systemRandom];
  const database = await openDatabase(config);
  const { keys: store, invitations } = createSqlStores(database, { clock, onStaleKey: () => {} });
  const keyring = createKeyring({ store, secrets: config.secrets, clock, random });
  await keyring.ensure();
  const deps = { invitations, vault: createPhoneVault({ keyring, random }), clock, random };
  return {
    add: (phone) => invite(deps, phone),
    remove: (phone) => uninvite(deps, phone),
    list: () => listInvitations(deps),
    close: () => database.close(),
  };
}
