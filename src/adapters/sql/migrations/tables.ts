import type { ColumnDataType, Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

export type Columns = Readonly<Record<string, ColumnDataType>>;

export const ID = "varchar(64)";
export const TAG = "varchar(128)";
export const SEALED = "varchar(512)";
export const WORD = "varchar(32)";
export const TIME = "bigint";

/** @param sometimes columns that may be null */
export async function table(
  db: Kysely<Schema>,
  name: keyof Schema,
  always: Columns,
  sometimes: Columns = {},
): Promise<void> {
  let created = db.schema.createTable(name);
  for (const [column, type] of Object.entries(always)) {
    created = created.addColumn(column, type, (each) => each.notNull());
  }
  for (const [column, type] of Object.entries(sometimes)) created = created.addColumn(column, type);
  await created.addPrimaryKeyConstraint(`${name}_key`, ["id" as never]).execute();
}

export async function index(
  db: Kysely<Schema>,
  name: keyof Schema,
  columns: readonly string[],
  kind?: "unique",
): Promise<void> {
  const created = db.schema.createIndex(`${name}_by_${columns.join("_")}`);
  await (kind ? created.unique() : created)
    .on(name)
    .columns([...columns])
    .execute();
}
