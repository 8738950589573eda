import {
  ColumnNode,
  type CreateIndexNode,
  type Dialect,
  type DialectAdapter,
  DummyDriver,
  Kysely,
  type RootOperationNode,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import { isSqlite, type SqlDatabase } from "../database.ts";
import type { Schema } from "../tables/schema.ts";
import { migrate } from "./migrate.ts";

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

/** Takes every statement and holds nothing. */
const NO_DATABASE: Omit<Dialect, "createAdapter"> = {
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

/** The indexes that the migrations make on an empty database of this kind, recorded from the statements they run. */
async function expectedIndexes(kind: DialectAdapter): Promise<readonly Index[]> {
  const made = new Map<string, Index>();
  const dialect = { ...NO_DATABASE, createAdapter: () => kind };
  const db = new Kysely<Schema>({ dialect, log: ({ query }) => note(query.query, made) });
  const empty: SqlDatabase = {
    db,
    transaction: (body) => body(db),
    exclusive: (body) => body(db, db),
    backup: async () => undefined,
    ping: async () => {},
    close: async () => {},
  };
  await migrate(empty, { now: () => 1 }, { contract: true });
  return [...made.values()];
}

function note(statement: RootOperationNode, made: Map<string, Index>): void {
  if (statement.kind === "CreateIndexNode") {
    const index = indexOf(statement);
    made.set(index.name, index);
  }
  if (statement.kind === "DropIndexNode") made.delete(statement.name.identifier.name);
}

function indexOf({ name, table, columns = [], unique = false }: CreateIndexNode): Index {
  return {
    table: table?.table.identifier.name ?? "",
    name: name.name,
    isUnique: unique,
    columns: columns.map((column) => (ColumnNode.is(column) ? column.column.name : "")),
  };
}

/** The statements that make missing indexes, by the name of what is missing. */
export async function missingIndexes(database: SqlDatabase): Promise<ReadonlyMap<string, string>> {
  const there = new Set((await listIndexes(database.db)).map(describe));
  const missing = (await expectedIndexes(database.db.getExecutor().adapter)).filter(
    (index) => !there.has(describe(index)),
  );
  return new Map(missing.map((index) => [`${index.name} on ${index.table}`, statementOf(index)]));
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
