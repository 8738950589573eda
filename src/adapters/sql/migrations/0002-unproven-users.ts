import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

/** Users can be moved in from elsewhere. All existing users signed up by a code, so they stay proven. */
export async function unprovenUsers(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable("users").addColumn("unproven_since", "bigint").execute();
}
