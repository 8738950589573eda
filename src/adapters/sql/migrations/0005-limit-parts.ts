import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/**
 * Counters may be split into parts. The previous version also looks for a key's events by the new index: the few events
 * of one key are quickly sorted.
 */
export async function limitParts(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable("limit_events")
    .addColumn("part", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex("limit_events_by_limit_key_part_at")
    .on("limit_events")
    .columns(["limit_key", "part", "at"])
    .execute();
  await db.schema.dropIndex("limit_events_by_limit_key_at").on("limit_events").execute();
}
