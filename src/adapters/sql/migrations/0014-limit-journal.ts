import { type Kysely, sql } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { index, TIME } from "./tables.ts";

/**
 * Limits become rows of a journal. The previous version's counts are moved there when limits are first needed
 * (`limits/journal-import.ts`), because that version may go on counting after this migration.
 */
export async function limitJournal(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("limit_journal")
    // Numbers are never reused: a process that has read up to one has not read any row that comes later.
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("at", TIME, (column) => column.notNull())
    .addColumn("matters_until", TIME, (column) => column.notNull())
    .addColumn("entry", sql`mediumtext`, (column) => column.notNull())
    .execute();
  await index(db, "limit_journal", ["at"]);
}
