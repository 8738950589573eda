import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { type Columns, index } from "./tables.ts";

/**
 * What providers and carriers say of messages, what people reply to them, and the operator's alerts. Existing messages
 * have no report, and hold no number.
 */
export async function delivery(db: Kysely<Schema>): Promise<void> {
  const columns: Columns = {
    request_id: "varchar(128)",
    fee: "integer",
    held_until: "bigint",
    report_code: "varchar(64)",
    reported_at: "bigint",
  };
  for (const [name, type] of Object.entries(columns)) {
    await db.schema.alterTable("messages").addColumn(name, type).execute();
  }
  await index(db, "messages", ["provider_id"]);
  await alerts(db);
  await answers(db);
}

async function alerts(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("alerts")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("kind", "varchar(64)", (column) => column.notNull())
    .addColumn("subject", "varchar(128)", (column) => column.notNull())
    .addColumn("standing_key", "varchar(255)")
    .addColumn("detail", "text", (column) => column.notNull())
    .addColumn("raised_at", "bigint", (column) => column.notNull())
    .addColumn("cleared_at", "bigint")
    .addColumn("told", "integer", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("next_attempt_at", "bigint")
    .addPrimaryKeyConstraint("alerts_key", ["id"])
    .execute();
  await index(db, "alerts", ["standing_key"], "unique");
  await index(db, "alerts", ["next_attempt_at"]);
  await index(db, "alerts", ["cleared_at"]);
}

async function answers(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("early_reports")
    .addColumn("id", "varchar(128)", (column) => column.notNull())
    .addColumn("phone_tag", "varchar(128)", (column) => column.notNull())
    .addColumn("delivered", "integer", (column) => column.notNull())
    .addColumn("code", "varchar(64)", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("early_reports_key", ["id"])
    .execute();
  await index(db, "early_reports", ["at"]);
  await db.schema
    .createTable("replies")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("phone_tag", "varchar(128)", (column) => column.notNull())
    .addColumn("sealed_phone", "varchar(512)", (column) => column.notNull())
    .addColumn("sealed_text", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("replies_key", ["id"])
    .execute();
  await index(db, "replies", ["phone_tag", "at"]);
  await index(db, "replies", ["at"]);
  await db.schema
    .createTable("opt_outs")
    .addColumn("id", "varchar(64)", (column) => column.notNull())
    .addColumn("phone_tag", "varchar(128)", (column) => column.notNull())
    .addColumn("sealed_phone", "varchar(512)", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("opt_outs_key", ["id"])
    .execute();
  await index(db, "opt_outs", ["phone_tag"], "unique");
}
