import type { Sweep } from "../../../core/maintenance/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { inTurn, sweepBy } from "../statements/sweep-by.ts";

/** Deletes what an earlier version counted in tables of its own, and the rows that `lockName` made. */
export function sweepTables(database: Pick<SqlDatabase, "db">): Sweep {
  return inTurn(
    sweepBy(database, "limit_events", "at"),
    sweepBy(database, "limit_leases", "ends_at", "<="),
    sweepBy(database, "limit_sums", "ends_at"),
    sweepLocked(database),
  );
}

/** The next caller that locks a swept row makes it again. A row that was made again meanwhile stays. */
function sweepLocked({ db }: Pick<SqlDatabase, "db">): Sweep {
  return async (before, limit) => {
    const idle = await db
      .selectFrom("limits")
      .select("limit_key")
      .where("touched_at", "<", before)
      .orderBy("touched_at")
      .limit(rowCount(limit))
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
}
