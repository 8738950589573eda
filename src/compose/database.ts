import { statSync } from "node:fs";
import type { SqlDatabase } from "../adapters/sql/database.ts";
import * as migrations from "../adapters/sql/migrations/migrate.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { Config } from "../config.ts";
import { UnavailableError } from "../core/refusals.ts";

/**
 * The configured database for a function of SCF. It is opened when a request first needs it. Before that request is
 * served, `prepare` runs, and the schema has to be up to date. If either fails, the next request tries both again.
 */
export async function databaseOnDemand(
  { database }: Config,
  prepare: (database: SqlDatabase) => Promise<void>,
): Promise<SqlDatabase> {
  if (database.kind === "sqlite") throw new Error("a function keeps no files");
  const { createMysql } = await import("../adapters/sql/mysql/open.ts");
  const { connections } = database;
  const options = connections === undefined ? {} : { connections };
  const check = async (opened: SqlDatabase) => {
    await refuseOutdated(opened);
    await prepare(opened);
  };
  return createMysql(database, (opened) => check(opened).catch(rethrowUnavailable), options);
}

/**
 * Opens the configured database; only its client is loaded. Rejects with `UnavailableError`.
 *
 * @param options.onStatement sees the text of every SQL statement
 */
export async function openDatabase(
  { database }: Config,
  { onStatement }: { readonly onStatement?: (sql: string) => void } = {},
): Promise<SqlDatabase> {
  const options = onStatement ? { onStatement } : {};
  if (database.kind === "sqlite") {
    const { openSqlite } = await import("../adapters/sql/sqlite/open.ts");
    return await openSqlite(`sqlite:${database.path}`, options);
  }
  const { openMysql } = await import("../adapters/sql/mysql/open.ts");
  const { connections } = database;
  return await openMysql(database, { ...options, ...(connections !== undefined && { connections }) });
}

/**
 * Opens the configured database. Rejects with `UnavailableError`. Also rejects if the database is not up to date or
 * does not exist: opening would create one for an operator who is in another folder than they think.
 */
export async function openMigrated(config: Config): Promise<SqlDatabase> {
  refuseMissing(config);
  const database = await openDatabase(config);
  try {
    await refuseOutdated(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Brings the schema of the configured database up to date; `contract` as in `migrate`. */
export async function migrateDatabase(
  config: Config,
  options: Pick<migrations.MigrateOptions, "contract" | "onApplied"> = {},
): Promise<migrations.Migrated> {
  const database = await openDatabase(config);
  try {
    return await migrations.migrate(database, systemClock, options);
  } finally {
    await database.close();
  }
}

/** Rejects if the configured database is not up to date: it may lack tables that this program expects. */
export async function assertMigrated(config: Config): Promise<void> {
  const database = await openMigrated(config);
  await database.close();
}

/** If a server would refuse to start with the database, a function answers 503 until an operator has mended it. */
function rethrowUnavailable(error: unknown): never {
  throw error instanceof UnavailableError ? error : new UnavailableError("the database", { cause: error });
}

function refuseMissing(config: Config): void {
  const path = missingFile(config);
  if (path !== undefined) throw new Error(`there is no database at ${path}; run \`phonekey migrate\` first`);
}

/** The path where the file of the configured database should be, if it does not exist: opening would create one. */
export function missingFile({ database }: Config): string | undefined {
  return database.kind === "sqlite" && isMissing(database.path) ? database.path : undefined;
}

async function refuseOutdated(database: SqlDatabase): Promise<void> {
  const pending = await migrations.pendingMigrations(database);
  if (pending.length > 0) throw new Error("the database is not up to date; run `phonekey migrate` first");
}

/** False if this user may not look: opening the file will report that. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
