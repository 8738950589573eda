import type { Clock } from "../../core/ports.ts";
import type { SqlDatabase } from "./database.ts";
import { MIGRATIONS, type Migration } from "./migrations.ts";

export interface Migrated {
  /** The names of the migrations that this call applied. */
  readonly applied: readonly string[];
  /** Where the database was copied to before, if it held anything. */
  readonly backup?: string;
}

/**
 * Brings the schema up to date, forward only. Safe when several processes start at once: one migrates in one
 * transaction, the others wait and find nothing to do. A database that is newer than this program is left alone.
 */
export async function migrate(
  database: SqlDatabase,
  clock: Clock,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<Migrated> {
  if ((await pendingMigrations(database, migrations)).length === 0) return { applied: [] };
  return await database.transaction(async (trx) => {
    const version = await versionOf(trx);
    const pending = migrations.filter((migration) => migration.id > version);
    if (pending.length === 0) return { applied: [] };
    const holdsSomething = (await trx.introspection.getTables()).length > 0;
    const backup = holdsSomething ? await database.backup(`schema-${version}`) : undefined;
    if (version === 0) await createMigrationsTable(trx);
    for (const { id, name, up } of pending) {
      await up(trx);
      await trx.insertInto("migrations").values({ id, name, applied_at: clock.now() }).execute();
    }
    return { applied: pending.map(({ name }) => name), ...(backup && { backup }) };
  });
}

/** The names of the migrations that this database still lacks. Takes no lock. */
export async function pendingMigrations(
  database: SqlDatabase,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<readonly string[]> {
  const version = await versionOf(database.db);
  return migrations.filter(({ id }) => id > version).map(({ name }) => name);
}

type Executor = SqlDatabase["db"];

async function versionOf(db: Executor): Promise<number> {
  const tables = await db.introspection.getTables();
  if (!tables.some(({ name }) => name === "migrations")) return 0;
  const { version } = await db
    .selectFrom("migrations")
    .select((eb) => eb.fn.max("id").as("version"))
    .executeTakeFirstOrThrow();
  return Number(version ?? 0);
}

async function createMigrationsTable(db: Executor): Promise<void> {
  await db.schema
    .createTable("migrations")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(128)", (column) => column.notNull())
    .addColumn("applied_at", "bigint", (column) => column.notNull())
    .execute();
}
