import type { Kysely } from "kysely";
import { ifAbsent } from "./database.ts";
import type { Schema } from "./tables/schema.ts";

/**
 * Locks a name until the transaction ends, by its row in `limits`. Other callers that lock the same name wait. On
 * SQLite the transaction has already locked everything.
 *
 * @param now epoch milliseconds; long after it the row is swept
 */
export async function lockName(trx: Kysely<Schema>, name: string, now: number): Promise<void> {
  await ifAbsent(trx.insertInto("limits").values({ limit_key: name, touched_at: now })).execute();
}
