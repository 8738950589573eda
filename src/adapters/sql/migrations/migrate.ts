import type { Clock } from "../../../core/ports.ts";
import type { SqlDatabase } from "../database.ts";
import { TABLES } from "../tables/schema.ts";
import { contracts, MIGRATIONS, type Migration } from "./list.ts";

export interface Migrated {
  /** The names of the migrations that this call applied. */
  readonly applied: readonly string[];
  /** The path of the copy that was made before, if the database held anything. */
  readonly backup?: string;
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  /** Also applies migrations that remove something, which a process of the previous version would miss. */
  readonly contract?: boolean;
  /** Told after each, how many are done of how many. */
  readonly onApplied?: (done: number, of: number) => void;
}

/**
 * Brings the schema up to date, forward only. Several processes may start at once: one migrates, the others wait and
 * find nothing to do. The next call continues a migration that was killed in the middle. A database that is newer than
 * this program, but keeps what this program uses, is left alone.
 *
 * @throws Error if the database is of a version that this program cannot work with, or has tables that are not ours
 */
export async function migrate(
  database: SqlDatabase,
  clock: Clock,
  options: MigrateOptions = {},
): Promise<Migrated> {
  if (pendingIn(await historyOf(database.db), options).length === 0) return { applied: [] };
  return await database.exclusive(async (db, resumed) => {
    const history = await historyOf(db);
    const pending = pendingIn(history, options);
    if (pending.length === 0) return { applied: [] };
    const backup = history.isEmpty ? undefined : await database.backup(`schema-${history.version}`);
    await createMigrationsTable(db);
    for (const [index, migration] of pending.entries()) {
      const isResumed = await begin(db, migration);
      await migration.up(isResumed ? resumed : db);
      await finish(db, migration, clock.now());
      options.onApplied?.(index + 1, pending.length);
    }
    return { applied: pending.map(({ name }) => name), ...(backup && { backup }) };
  });
}

/**
 * The names of the migrations that this database still lacks, those that wait for `contract` aside. Takes no lock.
 *
 * @throws Error as `migrate` does
 */
export async function pendingMigrations(
  database: SqlDatabase,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  return pendingIn(await historyOf(database.db), options).map(({ name }) => name);
}

type Executor = SqlDatabase["db"];

interface History {
  readonly applied: readonly Pick<Migration, "id" | "name">[];
  /** The latest migration that was applied; 0 when there is none. */
  readonly version: number;
  /** Whether there is no table at all. */
  readonly isEmpty: boolean;
}

async function historyOf(db: Executor): Promise<History> {
  const tables = await db.introspection.getTables();
  const isEmpty = tables.length === 0;
  const own = tables.find(({ name }) => name === "migrations");
  if (!own) {
    const alien = TABLES.find((name) => tables.some((table) => table.name === name));
    if (alien) throw notOurs(alien);
    return { applied: [], version: 0, isEmpty };
  }
  if (!own.columns.some(({ name }) => name === "applied_at")) throw notOurs(own.name);
  const rows = await db.selectFrom("migrations").select(["id", "name", "applied_at"]).execute();
  const applied = rows.filter(({ applied_at }) => applied_at > 0);
  return { applied, version: Math.max(0, ...applied.map(({ id }) => id)), isEmpty };
}

function notOurs(table: string): Error {
  return new Error(
    `the database has a table "${table}" that is not Phonekey's; give Phonekey a database of its own`,
  );
}

function pendingIn(
  { applied }: History,
  { migrations = MIGRATIONS, contract = false }: MigrateOptions,
): readonly Migration[] {
  const latest = Math.max(0, ...migrations.map(({ id }) => id));
  if (applied.some((migration) => migration.id > latest && contracts(migration))) {
    throw new Error(
      "the database was migrated by a newer version of Phonekey, and needs that version or a later one",
    );
  }
  const done = new Set(applied.map(({ id }) => id));
  return migrations.filter((migration) => !done.has(migration.id) && (contract || !contracts(migration)));
}

/** Notes that it begins; true when it had begun before. */
async function begin(db: Executor, { id, name }: Migration): Promise<boolean> {
  const begun = await db.selectFrom("migrations").select("id").where("id", "=", id).executeTakeFirst();
  if (begun) return true;
  await db.insertInto("migrations").values({ id, name, applied_at: 0 }).execute();
  return false;
}

async function finish(db: Executor, { id }: Migration, at: number): Promise<void> {
  await db.updateTable("migrations").set({ applied_at: at }).where("id", "=", id).execute();
}

async function createMigrationsTable(db: Executor): Promise<void> {
  await db.schema
    .createTable("migrations")
    .ifNotExists()
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(128)", (column) => column.notNull())
    .addColumn("applied_at", "bigint", (column) => column.notNull())
    .execute();
}
