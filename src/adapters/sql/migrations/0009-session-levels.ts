import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/** How sessions were opened, and the users for whom one factor opens none. Existing sessions were opened by a code. */
export async function sessionLevels(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable("sessions")
    .addColumn("amr", "varchar(64)", (column) => column.notNull().defaultTo("sms"))
    .execute();
  await db.schema.alterTable("sessions").addColumn("auth_time", "bigint").execute();
  await db.schema.alterTable("users").addColumn("login_protection", "varchar(32)").execute();
}
