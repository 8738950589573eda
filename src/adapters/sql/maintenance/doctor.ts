import type { Kysely } from "kysely";
import { sql } from "kysely";
import { doubtful, fine, skewFinding, tickFinding, wrong } from "../../../core/maintenance/doctor.ts";
import type { Finding } from "../../../core/maintenance/ports.ts";
import { TICK } from "../../../core/maintenance/tick.ts";
import type { Clock } from "../../../core/ports.ts";
import { isSqlite, type SqlDatabase } from "../database.ts";
import { missingIndexes } from "../migrations/indexes.ts";
import { MIGRATIONS } from "../migrations/list.ts";
import { pendingMigrations } from "../migrations/migrate.ts";
import type { Schema } from "../tables/schema.ts";
import { serverNow } from "./server-clock.ts";
import { createTurns } from "./turns.ts";

/** Which product, in which version. */
export async function checkVersion({ db }: SqlDatabase): Promise<readonly Finding[]> {
  const query = isSqlite(db)
    ? sql<{ version: string }>`select sqlite_version() as version`
    : sql<{ version: string }>`select version() as version`;
  const version = (await query.execute(db)).rows[0]?.version ?? "";
  const product = isSqlite(db) ? "SQLite" : /mariadb|tidb/i.test(version) ? "" : "MySQL";
  return [fine("database", `connected to ${product} ${version}`.replace("  ", " "))];
}

/** Whether the tables exist that the checks below read. */
export async function isMigrated(database: SqlDatabase): Promise<boolean> {
  return await pendingMigrations(database).then(
    (pending) => pending.length === 0,
    () => false,
  );
}

/** Whether the schema is the one that this program expects. Rejects if the two cannot work together. */
export async function checkSchema(
  database: SqlDatabase,
  isMigratedAtBoot: boolean,
): Promise<readonly Finding[]> {
  const name = "schema";
  const pending = await pendingMigrations(database);
  if (pending.length > 0) {
    const says = `is not up to date; ${pending.join(", ")} ${pending.length > 1 ? "are" : "is"} missing`;
    const todo = "Run `phonekey migrate`.";
    if (!isMigratedAtBoot) return [wrong(name, says, { todo })];
    return [doubtful(name, `${says}; the server brings it up to date when it starts`, { todo })];
  }
  const newer = await newerMigrations(database.db);
  if (newer.length === 0) return [fine(name, "is up to date")];
  const says = `was migrated by a newer version of Phonekey (${newer.join(", ")}); this one works with it`;
  return [doubtful(name, says, { todo: "Finish the deployment of the newer version." })];
}

async function newerMigrations(db: Kysely<Schema>): Promise<readonly string[]> {
  const latest = Math.max(...MIGRATIONS.map(({ id }) => id));
  const found = await db
    .selectFrom("migrations")
    .select("name")
    .where("id", ">", latest)
    .orderBy("id")
    .execute();
  return found.map(({ name }) => name);
}

/** Whether every index exists that the stores rely on. */
export async function checkIndexes(database: SqlDatabase): Promise<readonly Finding[]> {
  const missing = [...(await missingIndexes(database))];
  if (missing.length === 0) return [fine("indexes", "all are there")];
  return missing.map(([index, statement]) =>
    wrong("indexes", `${index} is missing`, { todo: `Run \`${statement}\`.` }),
  );
}

/**
 * Whether the database user may do what the server and the migrations do. Leaves nothing behind.
 *
 * @param table a name that no table has
 */
export async function checkRights(database: SqlDatabase, table: string): Promise<readonly Finding[]> {
  const name = "rights";
  const refused = await firstFailure(rowSteps(database));
  if (refused) return [wrong(name, `its user cannot ${refused}`, { todo: GRANT })];
  const refusedForTables = await firstFailure(tableSteps(database, table));
  if (!refusedForTables) return [fine(name, "its user has all rights that the server and migrations need")];
  await database.db.schema
    .dropTable(table)
    .ifExists()
    .execute()
    .catch(() => {});
  const says = `its user cannot ${refusedForTables}; only migrations need that, the server does not`;
  return [doubtful(name, says, { todo: `${GRANT} Or run \`phonekey migrate\` as a user who may.` })];
}

const GRANT = "Grant it SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX and DROP on its database.";

type Steps = readonly (readonly [what: string, step: () => Promise<unknown>])[];

/** The first step that is refused, and why. */
async function firstFailure(steps: Steps): Promise<string | undefined> {
  for (const [what, step] of steps) {
    try {
      await step();
    } catch (error) {
      return `${what} (${reasonOf(error)})`;
    }
  }
  return undefined;
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? (error.cause ?? error) : undefined;
  return reason instanceof Error ? reason.message : "no answer";
}

/** On a row of its own that no process looks at. */
function rowSteps({ db }: SqlDatabase): Steps {
  const task = "doctor";
  const row = { task, holder: null, held_until: 0, finished_at: 0 };
  return [
    ["delete rows", () => db.deleteFrom("turns").where("task", "=", task).execute()],
    ["insert rows", () => db.insertInto("turns").values(row).execute()],
    ["change rows", () => db.updateTable("turns").set({ held_until: 1 }).where("task", "=", task).execute()],
    ["read rows", () => db.selectFrom("turns").select("task").where("task", "=", task).execute()],
    ["delete rows", () => db.deleteFrom("turns").where("task", "=", task).execute()],
  ];
}

function tableSteps({ db }: SqlDatabase, table: string): Steps {
  const { schema } = db;
  return [
    ["create tables", () => schema.createTable(table).addColumn("id", "integer").execute()],
    ["alter tables", () => schema.alterTable(table).addColumn("more", "integer").execute()],
    ["create indexes", () => schema.createIndex(`${table}_by_more`).on(table).column("more").execute()],
    ["drop tables", () => schema.dropTable(table).execute()],
  ];
}

/** How far the database's clock is from ours, if it has one of its own. Also checks that no time zone matters. */
export async function checkClock(database: SqlDatabase, clock: Clock): Promise<readonly Finding[]> {
  const name = "database, clock";
  const before = clock.now();
  const now = await serverNow(database);
  if (now === undefined) return [fine(name, "is this machine's")];
  const skewMs = now - (before + clock.now()) / 2;
  const { rows } = await sql<{ zone: string }>`select @@session.time_zone as zone`.execute(database.db);
  return [
    skewFinding(name, skewMs),
    fine("database, time zone", `is ${rows[0]?.zone}, which does not matter: times are kept as milliseconds`),
  ];
}

/** When periodic work was last done. */
export async function checkTick(database: SqlDatabase, clock: Clock): Promise<readonly Finding[]> {
  const finishedAt = await createTurns(database).finishedAt(TICK);
  const { since } = await database.db
    .selectFrom("migrations")
    .select((eb) => eb.fn.max("applied_at").as("since"))
    .executeTakeFirstOrThrow();
  return [tickFinding(finishedAt, Number(since), clock.now())];
}
