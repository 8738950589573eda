import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqlDatabase } from "../../src/adapters/sql/database.ts";
import { migrate } from "../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite, type SqliteOptions } from "../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores, type SqlStores } from "../../src/adapters/sql/stores.ts";
import type { Clock } from "../../src/core/ports.ts";

export interface TestDatabase {
  readonly path: string;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  /** How often a store said that the keyring is stale. */
  staleKeys(): number;
  /** Closes it and opens the same file again; this object is of no use afterwards. */
  reopen(): Promise<TestDatabase>;
  /** Closes it and removes its folder. */
  close(): Promise<void>;
}

/** An empty folder for a database file of its own. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "phonekey-db-"));
}

/** A migrated SQLite file in a folder of its own, with all its stores. */
export function openTestDatabase(clock: Clock, options: SqliteOptions = {}): Promise<TestDatabase> {
  return openAt(temporaryFolder(), clock, options);
}

async function openAt(folder: string, clock: Clock, options: SqliteOptions): Promise<TestDatabase> {
  const path = join(folder, "phonekey.db");
  const database = await openSqlite(`sqlite:${path}`, options);
  await migrate(database, clock);
  let stale = 0;
  const onStaleKey = () => {
    stale += 1;
  };
  return {
    path,
    database,
    stores: createSqlStores(database, { clock, onStaleKey }),
    staleKeys: () => stale,
    async reopen() {
      await database.close();
      return await openAt(folder, clock, options);
    },
    async close() {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
