import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/** Turns of periodic work, and the indexes that the retention of sessions needs. */
export async function maintenance(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("turns")
    .addColumn("task", "varchar(64)", (column) => column.notNull())
    .addColumn("holder", "varchar(64)")
    .addColumn("held_until", "bigint", (column) => column.notNull())
    .addColumn("finished_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("turns_key", ["task"])
    .execute();
  await db.schema.createIndex("sessions_by_expires_at").on("sessions").columns(["expires_at"]).execute();
  await db.schema.createIndex("sessions_by_ended_at").on("sessions").columns(["ended_at"]).execute();
}
