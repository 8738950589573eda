import type { Kysely } from "kysely";
import { ifAbsent } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

/**
 * Locks what is counted on, always in the same order, so that no two callers wait for each other. SQLite has locked
 * everything by then.
 */
export async function lock(trx: Kysely<Schema>, keys: readonly string[], now: number): Promise<void> {
  const values = [...new Set(keys)].sort().map((limit_key) => ({ limit_key, touched_at: now }));
  if (values.length > 0) await ifAbsent(trx.insertInto("limits").values(values)).execute();
}
