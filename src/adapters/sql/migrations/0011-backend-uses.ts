import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/**
 * Temporary passwords, proofs that backends fetch, pages that they send people to, and money of their own. Existing
 * rows have none of these.
 */
export async function backendUses(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable("verifications").addColumn("granted_length", "integer").execute();
  await db.schema.alterTable("verifications").addColumn("approved_at", "bigint").execute();
  await db.schema
    .alterTable("sessions")
    .addColumn("must_set_password", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable("api_keys").addColumn("return_to", "text").execute();
  await db.schema.alterTable("api_keys").addColumn("spend_hour", "bigint").execute();
  await db.schema.alterTable("api_keys").addColumn("spend_day", "bigint").execute();
}
