import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/** Passwords, and who was invited to sign up. No existing user has a password. */
export async function passwords(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable("users").addColumn("sealed_password", "text").execute();
  await db.schema.alterTable("users").addColumn("password_set_at", "bigint").execute();
  await db.schema.alterTable("users").addColumn("password_reset_at", "bigint").execute();
  await db.schema
    .createTable("invitations")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("phone_tag", "varchar(128)", (column) => column.notNull())
    .addColumn("sealed_phone", "varchar(512)", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("invitations_key", ["id"])
    .execute();
  await db.schema
    .createIndex("invitations_by_phone_tag")
    .unique()
    .on("invitations")
    .columns(["phone_tag"])
    .execute();
}
