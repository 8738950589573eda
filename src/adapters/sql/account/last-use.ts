import type { Kysely } from "kysely";
import { DAY_MS } from "../../../core/time.ts";
import type { Schema } from "../tables/schema.ts";

/** Whether the user's last use has to be written again, which is done in steps of a day. */
export function isUseOld(lastUsedAt: number | null, now: number): boolean {
  return lastUsedAt === null || lastUsedAt < now - DAY_MS;
}

/** Notes that these users were used, in steps of a day. */
export async function noteUse(db: Kysely<Schema>, ids: readonly string[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("users")
    .set({ last_used_at: now })
    .where("id", "in", ids)
    .where((eb) => eb.or([eb("last_used_at", "is", null), eb("last_used_at", "<", now - DAY_MS)]))
    .execute();
}
