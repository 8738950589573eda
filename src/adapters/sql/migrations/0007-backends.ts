import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/** The API keys of companies' backends, what the backends asked for, and which of their proofs were redeemed. */
export async function backends(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable("verifications").addColumn("client", "varchar(64)").execute();
  await db.schema.alterTable("verifications").addColumn("sealed_ask", "text").execute();
  await db.schema.alterTable("messages").addColumn("client", "varchar(64)").execute();
  await db.schema
    .createTable("api_keys")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("client", "varchar(64)", (column) => column.notNull())
    .addColumn("hash", "varchar(64)", (column) => column.notNull())
    .addColumn("purposes", "varchar(255)", (column) => column.notNull())
    .addColumn("networks", "text", (column) => column.notNull())
    .addColumn("tells", "varchar(32)", (column) => column.notNull())
    .addColumn("sends", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("revoked_at", "bigint")
    .addPrimaryKeyConstraint("api_keys_key", ["id"])
    .execute();
  await db.schema.createIndex("api_keys_by_hash").unique().on("api_keys").columns(["hash"]).execute();
  await db.schema
    .createIndex("api_keys_by_client_created_at")
    .on("api_keys")
    .columns(["client", "created_at"])
    .execute();
  await db.schema
    .createTable("redeemed_proofs")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("redemption", "varchar(64)", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("redeemed_proofs_key", ["id"])
    .execute();
  await db.schema.createIndex("redeemed_proofs_by_at").on("redeemed_proofs").columns(["at"]).execute();
}
