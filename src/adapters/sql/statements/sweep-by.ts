import type { Sweep } from "../../../core/maintenance/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";

/** Tables of rows with an id that go when one of their times is over. */
type SweptTable =
  | "messages"
  | "notices"
  | "replies"
  | "redeemed_proofs"
  | "alerts"
  | "events"
  | "unlocks"
  | "failures"
  | "factor_failures"
  | "passkey_challenges"
  | "sessions"
  | "limit_events"
  | "limit_leases"
  | "limit_sums";

type Time = "created_at" | "at" | "expires_at" | "ended_at" | "cleared_at" | "ends_at";

/**
 * Deletes the rows of a table whose time is over, the oldest first. It reads the ids of a piece by the index of that
 * time and deletes those rows by id, so it locks only the rows that go. The times of these tables never change except
 * from null, which is never over. So a row that was old when it was read is old when it is deleted.
 *
 * @param isOver `<=` if the row itself is already of no use at that moment
 */
export function sweepBy(
  { db }: Pick<SqlDatabase, "db">,
  table: SweptTable,
  time: Time,
  isOver: "<" | "<=" = "<",
): Sweep {
  const at = db.dynamic.ref<string>(time);
  // The tables differ in the type of their ids, which does not matter to these statements.
  const one = table as "messages";
  return async (before, limit) => {
    const query = db.selectFrom(one).select("id").where(at, isOver, before);
    const old = await query.orderBy(at).limit(rowCount(limit)).execute();
    if (old.length === 0) return 0;
    const ids = old.map(({ id }) => id);
    const { numDeletedRows } = await db.deleteFrom(one).where("id", "in", ids).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  };
}

/** Each sweep begins when those before it have nothing left, with the rest of the limit. */
export function inTurn(...sweeps: readonly Sweep[]): Sweep {
  return async (before, limit) => {
    let swept = 0;
    for (const sweep of sweeps) if (swept < limit) swept += await sweep(before, limit - swept);
    return swept;
  };
}
