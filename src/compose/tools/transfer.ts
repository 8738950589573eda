import { replaceKeys } from "../../adapters/keyring/rotate.ts";
import { openSmsLogin, type SmsLoginSource } from "../../adapters/sql/account/smslogin.ts";
import { createUserTransferStore } from "../../adapters/sql/account/transfer.ts";
import { createTagKey } from "../../adapters/sql/keys/tag-key.ts";
import { createRestoredStore } from "../../adapters/sql/maintenance/restored.ts";
import type { Config } from "../../config.ts";
import { afterRestore, type RestoredCounts } from "../../core/maintenance/restored.ts";
import { type ExportedPage, exportUsers } from "../../core/transfer/export.ts";
import { type Imported, type ImportWatch, importUsers } from "../../core/transfer/import.ts";
import { readSmsLoginRows } from "../../core/transfer/smslogin.ts";
import { readUserLines } from "../../core/transfer/user-line.ts";
import { openRecords, type Records } from "./records.ts";

export { openSmsLogin };

/** Moves users in and out, and repairs a database after a backup of it was restored. */
export interface TransferTools {
  countUsers(): Promise<number>;
  exportUsers(): AsyncIterable<ExportedPage>;
  /** @param chunks newline-delimited JSON in UTF-8 */
  importUsers(chunks: AsyncIterable<Uint8Array>, watch: ImportWatch): Promise<Imported>;
  importSmsLogin(source: SmsLoginSource, watch: ImportWatch): Promise<Imported>;
  /** @param erasures ids of users, one a line */
  afterRestore(
    erasures: AsyncIterable<Uint8Array>,
    onProgress: (sessions: number) => void,
  ): Promise<RestoredCounts>;
  close(): Promise<void>;
}

/**
 * Opens the database to move users in or out; servers may run beside it. Rejects if it is not up to date, or if
 * `PHONEKEY_SECRETS` do not open its keys.
 */
export async function transferTools(config: Config): Promise<TransferTools> {
  return createTransferTools(config, await openRecords(config));
}

/** Takes over the records, and closes them. */
export function createTransferTools(
  { secrets, phone: phones }: Config,
  { database, stores, keyring, vault, clock, random, close }: Records,
): TransferTools {
  const { keys: store, verifications } = stores;
  const tagKey = createTagKey({ clock, onStaleKey: () => keyring.invalidate() });
  const transfer = createUserTransferStore(database, tagKey);
  const restored = createRestoredStore(database);
  const voidDeviceTokens = () => replaceKeys({ store, secrets, clock, random }, "device");
  const deps = { clock, random, vault, transfer };
  return {
    countUsers: transfer.count,
    exportUsers: () => exportUsers(deps),
    importUsers: (chunks, watch) => importUsers(deps, readUserLines(chunks, phones, clock.now()), watch),
    importSmsLogin: (source, watch) =>
      importUsers(deps, readSmsLoginRows(source.rows(), phones, clock.now()), watch),
    afterRestore: (erasures, onProgress) =>
      afterRestore({ restored, verifications, voidDeviceTokens, clock, random }, erasures, onProgress),
    close,
  };
}

/** Takes in the users of the demo from `IMPORT_DATABASE_URL`, or from a table in our own database. */
export async function importFromDemo(
  { scf, database }: Config,
  tools: TransferTools,
  table: string,
  watch: ImportWatch,
): Promise<Imported> {
  const server = scf?.importFrom ?? database;
  if (server.kind !== "mysql") throw new Error("IMPORT_DATABASE_URL must be set");
  const source = await openSmsLogin({ server, table });
  try {
    return await tools.importSmsLogin(source, watch);
  } finally {
    source.close();
  }
}
