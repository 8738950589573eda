import type { Kysely } from "kysely";
import { isSqlite } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

/**
 * Indexes whose first column is null in most rows, or for most of a row's life, and that no statement searches for
 * null.
 */
const INDEXES = [
  { table: "verifications", columns: ["device_id", "phone_tag", "purpose", "created_at"], isUnique: false },
  { table: "messages", columns: ["idempotency_key"], isUnique: true },
  { table: "messages", columns: ["provider_id"], isUnique: false },
  { table: "sessions", columns: ["ended_at"], isUnique: false },
] as const;

/**
 * On SQLite each index that does not contain a row saves writing a page. So nulls are left out, which MySQL cannot do.
 * The journal of limits has no such index: its old rows stand first.
 */
export async function indexesOfWhatIsThere(db: Kysely<Schema>): Promise<void> {
  if (!isSqlite(db)) return;
  await db.schema.dropIndex("limit_journal_by_at").execute();
  for (const { table, columns, isUnique } of INDEXES) {
    const name = `${table}_by_${columns.join("_")}`;
    await db.schema.dropIndex(name).execute();
    const created = db.schema
      .createIndex(name)
      .on(table)
      .columns([...columns]);
    await (isUnique ? created.unique() : created).where(columns[0], "is not", null).execute();
  }
}
