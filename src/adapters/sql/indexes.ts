import { type Kysely, SqliteAdapter, sql } from "kysely";
import type { SqlDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import type { Schema } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";

/** An index, primary keys aside. */
interface Index {
  readonly table: string;
  readonly name: string;
  readonly isUnique: boolean;
  readonly columns: readonly string[];
}

interface IndexColumn {
  readonly tbl: string;
  readonly name: string;
  readonly is_unique: number | string;
  readonly col: string;
}

/** The indexes that there are. */
async function listIndexes(db: Kysely<Schema>): Promise<readonly Index[]> {
  const query = isSqlite(db) ? SQLITE : MYSQL;
  const { rows } = await query.execute(db);
  const found = new Map<string, Index>();
  for (const { tbl, name, is_unique, col } of rows) {
    const columns = [...(found.get(name)?.columns ?? []), col];
    found.set(name, { table: tbl, name, isUnique: Number(is_unique) === 1, columns });
  }
  return [...found.values()];
}

/** The indexes that the migrations make, read from a database in memory that they have made. */
async function expectedIndexes(): Promise<readonly Index[]> {
  const database = await openSqlite("sqlite::memory:");
  try {
    await migrate(database, { now: () => 1 }, { contract: true });
    return await listIndexes(database.db);
  } finally {
    await database.close();
  }
}

/** The statements that make what is missing, by what is missing. */
export async function missingIndexes(database: SqlDatabase): Promise<ReadonlyMap<string, string>> {
  const there = new Set((await listIndexes(database.db)).map(describe));
  const missing = (await expectedIndexes()).filter((index) => !there.has(describe(index)));
  return new Map(missing.map((index) => [`${index.name} on ${index.table}`, statementOf(index)]));
}

export function isSqlite(db: Kysely<Schema>): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
}

/** By what it does, not by its name. */
function describe({ table, isUnique, columns }: Index): string {
  return JSON.stringify([table, isUnique, columns]);
}

function statementOf({ table, name, isUnique, columns }: Index): string {
  return `CREATE ${isUnique ? "UNIQUE " : ""}INDEX ${name} ON ${table} (${columns.join(", ")})`;
}

const SQLITE = sql<IndexColumn>`
  select m.tbl_name as tbl, m.name as name, l."unique" as is_unique, i.name as col
  from sqlite_master as m
  join pragma_index_list(m.tbl_name) as l on l.name = m.name
  join pragma_index_info(m.name) as i
  where m.type = 'index' and m.sql is not null
  order by m.name, i.seqno`;

const MYSQL = sql<IndexColumn>`
  select table_name as tbl, index_name as name, 1 - non_unique as is_unique, column_name as col
  from information_schema.statistics
  where table_schema = database() and index_name <> 'PRIMARY'
  order by index_name, seq_in_index`;
