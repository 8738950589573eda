import { type Kysely, sql } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { index, TIME } from "./tables.ts";

/**
 * Limits are rows of a journal. What the version before counted is moved there when limits are first needed
 * (`limits/journal-import.ts`): it may go on counting after this.
 */
export async function limitJournal(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("limit_journal")
    // Numbers that never come again: who has read so far has not read what comes after.
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("at", TIME, (column) => column.notNull())
    .addColumn("matters_until", TIME, (column) => column.notNull())
    .addColumn("entry", sql`mediumtext`, (column) => column.notNull())
    .execute();
  await index(db, "limit_journal", ["at"]);
}
