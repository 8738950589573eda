import {
  type DialectAdapter,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import { expect, test } from "vitest";
import { contracts, MIGRATIONS, type Migration } from "../../../../src/adapters/sql/migrations/list.ts";
import type { Schema } from "../../../../src/adapters/sql/tables/schema.ts";

/** What breaks a process of the previous version that goes on running on the new schema, as a clause of `ALTER TABLE`. */
const ALTERATIONS: readonly (readonly [what: string, clause: RegExp])[] = [
  ["takes a column away", /^drop (?!(index|key|primary|constraint|foreign|check)\b)/],
  ["renames what is there", /^rename (?!(index|key)\b)/],
  ["changes a column that is there", /^(modify|change|alter)/],
  ["adds a column that old rows have no value for", /^add (?!.*\bdefault\b).*\bnot null\b/],
  ["forbids rows of the previous version", /^add (constraint|unique|primary|foreign|check)\b/],
];
const STATEMENTS: typeof ALTERATIONS = [
  ["takes a table away", /^drop table/],
  ["renames what is there", /^rename table/],
  ["empties a table", /^truncate/],
];
const UNIQUE_INDEX = /^create unique index .* on ["`]?(\w+)/;
const NEW_TABLE = /^create table (?:if not exists )?["`]?(\w+)/;

/** What these migrations run that a process of the previous version does not survive, except contracting migrations. */
async function unbearable(migrations: readonly Migration[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const migration of migrations.filter((each) => !contracts(each))) {
    for (const kind of [new SqliteAdapter(), new MysqlAdapter()]) {
      const statements = await statementsOf(migration, kind);
      const made = statements.map((statement) => NEW_TABLE.exec(statement)?.[1]);
      for (const statement of statements)
        for (const what of faultsOf(statement, made)) found.add(`${migration.name} ${what}: ${statement}`);
    }
  }
  return [...found];
}

/** The statements of a migration on an empty database of this kind. */
async function statementsOf({ up }: Migration, kind: DialectAdapter): Promise<readonly string[]> {
  const said: string[] = [];
  const dialect = {
    createAdapter: () => kind,
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  const note = (text: string) => void said.push(text.toLowerCase().replace(/\s+/g, " ").trim());
  await up(new Kysely<Schema>({ dialect, log: ({ query }) => note(query.sql) }));
  return said;
}

function faultsOf(statement: string, made: readonly (string | undefined)[]): readonly string[] {
  const [, altered = ""] = /^alter table \S+ (.*)$/.exec(statement) ?? [];
  const clauses = altered.split(/,(?![^(]*\))/).map((clause) => clause.trim());
  const [, onTable] = UNIQUE_INDEX.exec(statement) ?? [];
  return [
    ...STATEMENTS.filter(([, pattern]) => pattern.test(statement)),
    ...ALTERATIONS.filter(([, pattern]) => clauses.some((clause) => pattern.test(clause))),
    ...(onTable !== undefined && !made.includes(onTable) ? [["forbids rows of the previous version"]] : []),
  ].map(([what = ""]) => what);
}

test("no migration removes what the previous version uses, unless it is a contracting one", async () => {
  expect(await unbearable(MIGRATIONS)).toEqual([
    // The index was unique before: what is new is that nulls are left out.
    '0015-indexes-of-what-is-there forbids rows of the previous version: create unique index "messages_by_idempotency_key" on "messages" ("idempotency_key") where "idempotency_key" is not null',
  ]);
});

const migration = (up: Migration["up"], name = "0099-later"): Migration => ({ id: 99, name, up });
const saying = (text: string) => migration(async (db) => void (await sql.raw(text).execute(db)));
const altering = (alter: (db: Kysely<Schema>) => { execute(): Promise<void> }) =>
  migration((db) => alter(db).execute());

test.each([
  ["takes a table away", altering(({ schema }) => schema.dropTable("baselines"))],
  ["takes a column away", altering(({ schema }) => schema.alterTable("users").dropColumn("avatar"))],
  ["takes a column away", saying("ALTER TABLE users\n  DROP avatar")],
  ["renames what is there", altering(({ schema }) => schema.alterTable("users").renameTo("people"))],
  [
    "renames what is there",
    altering(({ schema }) => schema.alterTable("users").renameColumn("name", "nick")),
  ],
  ["renames what is there", saying("RENAME TABLE users TO people")],
  [
    "changes a column that is there",
    altering(({ schema }) => schema.alterTable("users").modifyColumn("name", "varchar(8)")),
  ],
  ["changes a column that is there", saying("ALTER TABLE `users` CHANGE `name` `name` VARCHAR(8)")],
  [
    "adds a column that old rows have no value for",
    altering(({ schema }) => schema.alterTable("users").addColumn("x", "bigint", (each) => each.notNull())),
  ],
  [
    "adds a column that old rows have no value for",
    saying("ALTER TABLE users ADD x INT DEFAULT 0 NOT NULL, ADD y DECIMAL(9, 2) NOT NULL"),
  ],
  [
    "forbids rows of the previous version",
    altering(({ schema }) => schema.createIndex("x").unique().on("users").columns(["name"])),
  ],
  ["forbids rows of the previous version", saying("CREATE UNIQUE INDEX x ON `users` (name)")],
  ["forbids rows of the previous version", saying("ALTER TABLE users ADD UNIQUE (name)")],
  ["empties a table", saying("TRUNCATE TABLE limit_journal")],
])("a migration that %s is found", async (what, bad) => {
  expect(await unbearable([bad])).toEqual([expect.stringMatching(`^0099-later ${what}: `)]);
  expect(await unbearable([{ ...bad, name: "0099-contract-later" }])).toEqual([]);
});

test("a migration that only makes tables, columns and indexes, and drops or renames indexes, is not found", async () => {
  const good = migration(async (db) => {
    await db.schema
      .createTable("later")
      .addColumn("id", "varchar(64)", (each) => each.notNull())
      .execute();
    await db.schema.createIndex("later_by_id").unique().on("later").columns(["id"]).execute();
    await db.schema.createIndex("users_by_name").on("users").columns(["name"]).execute();
    await sql.raw("ALTER TABLE users RENAME INDEX users_by_name TO by_name").execute(db);
    await db.schema.dropIndex("by_name").on("users").execute();
    await db.schema
      .alterTable("users")
      .addColumn("x", "bigint")
      .addColumn("y", "integer", (each) => each.notNull().defaultTo(0))
      .execute();
    await sql.raw("ALTER TABLE users ADD unique_name VARCHAR(64)").execute(db);
  });
  expect(await unbearable([good])).toEqual([]);
});
