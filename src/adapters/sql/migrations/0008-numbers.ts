import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/**
 * Sessions that test numbers opened, and further guesses that support gave. No existing session is one of a test
 * number.
 */
export async function numbers(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable("sessions")
    .addColumn("test", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable("unlocks")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("phone_tag", "varchar(128)", (column) => column.notNull())
    .addColumn("sealed_phone", "varchar(512)", (column) => column.notNull())
    .addColumn("sealed_reason", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("unlocks_key", ["id"])
    .execute();
  await db.schema.createIndex("unlocks_by_phone_tag_at").on("unlocks").columns(["phone_tag", "at"]).execute();
  await db.schema.createIndex("unlocks_by_at").on("unlocks").columns(["at"]).execute();
}
