import type { Kysely } from "kysely";
import { rows } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

type Sweeper = (db: Kysely<Schema>, before: number, limit: number) => Promise<number>;

/** Deletes in small pieces, so that nobody waits long for a lock. Resolves with how many rows went. */
export const sweepLimits: Sweeper = async (db, before, limit) => {
  let swept = 0;
  for (const sweep of [sweepEvents, sweepLeases, sweepSums, sweepKeys]) {
    if (swept < limit) swept += await sweep(db, before, limit - swept);
  }
  return swept;
};

const sweepEvents: Sweeper = (...asked) => sweepOldest("limit_events", "at", "<", ...asked);
const sweepLeases: Sweeper = (...asked) => sweepOldest("limit_leases", "ends_at", "<=", ...asked);
const sweepSums: Sweeper = (...asked) => sweepOldest("limit_sums", "ends_at", "<", ...asked);

async function sweepOldest(
  table: "limit_events" | "limit_leases" | "limit_sums",
  column: "at" | "ends_at",
  isOver: "<" | "<=",
  ...[db, before, limit]: Parameters<Sweeper>
): Promise<number> {
  const time = db.dynamic.ref(column);
  const found = await db
    .selectFrom(table)
    .select("id")
    .where(time, isOver, before)
    .orderBy(time)
    .limit(rows(limit))
    .execute();
  if (found.length === 0) return 0;
  const ids = found.map(({ id }) => id);
  const { numDeletedRows } = await db.deleteFrom(table).where("id", "in", ids).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Whoever counts on one of them next makes it again; one that was made again meanwhile stays. */
const sweepKeys: Sweeper = async (db, before, limit) => {
  const idle = await db
    .selectFrom("limits")
    .select("limit_key")
    .where("touched_at", "<", before)
    .orderBy("touched_at")
    .limit(rows(limit))
    .execute();
  if (idle.length === 0) return 0;
  const keys = idle.map(({ limit_key }) => limit_key);
  const { numDeletedRows } = await db
    .deleteFrom("limits")
    .where("limit_key", "in", keys)
    .where("touched_at", "<", before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
};
