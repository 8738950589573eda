import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/**
 * Where messages went and were asked for, and what they cost; the sums of budgets; what the guard has learned. Existing
 * messages have no traffic, and count for no prefix, address or country.
 */
export async function traffic(db: Kysely<Schema>): Promise<void> {
  for (const table of ["messages", "verifications"] as const) {
    for (const column of ["prefix_tag", "address_tag", "network_tag"]) {
      await db.schema.alterTable(table).addColumn(column, "varchar(64)").execute();
    }
    await db.schema.alterTable(table).addColumn("country", "varchar(8)").execute();
  }
  await db.schema.alterTable("messages").addColumn("member", "varchar(128)").execute();
  await db.schema.alterTable("messages").addColumn("price", "bigint").execute();
  await db.schema
    .createTable("limit_sums")
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("limit_key", "varchar(255)", (column) => column.notNull())
    .addColumn("slot", "bigint", (column) => column.notNull())
    .addColumn("amount", "bigint", (column) => column.notNull())
    .addColumn("ends_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex("limit_sums_by_limit_key_slot")
    .unique()
    .on("limit_sums")
    .columns(["limit_key", "slot"])
    .execute();
  await db.schema.createIndex("limit_sums_by_ends_at").on("limit_sums").columns(["ends_at"]).execute();
  await db.schema
    .createTable("baselines")
    .addColumn("subject", "varchar(128)", (column) => column.notNull())
    .addColumn("value", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("baselines_key", ["subject"])
    .execute();
}
