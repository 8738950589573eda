import type { Sweep, Sweeps } from "../../../core/maintenance/ports.ts";
import { rows, type SqlDatabase } from "../database.ts";
import { createErasureSweep } from "../life/erasures.ts";
import type { SqlStores } from "../stores.ts";

/**
 * What is deleted when its time is over. Each reads the keys of a piece by an index and deletes those rows by key:
 * so a piece locks nothing but the rows that go, and requests come in between two pieces.
 */
export function createSweeps(
  database: SqlDatabase,
  { verifications, limits, proofs }: Pick<SqlStores, "verifications" | "limits" | "proofs">,
): Sweeps {
  return {
    verifications: verifications.sweep,
    limits: limits.sweep,
    messages: sweepBy(database, "messages", "created_at"),
    notices: sweepBy(database, "notices", "created_at"),
    replies: sweepBy(database, "replies", "at"),
    proofs: proofs.sweep,
    // Only alerts that are over: those that stand have null here, which no time is after.
    alerts: sweepBy(database, "alerts", "cleared_at"),
    events: sweepBy(database, "events", "at"),
    unlocks: sweepBy(database, "unlocks", "at"),
    erasures: createErasureSweep(database),
    failures: inTurn(sweepBy(database, "failures", "at"), sweepBy(database, "factor_failures", "at")),
    passkeyChallenges: sweepBy(database, "passkey_challenges", "expires_at"),
    sessions: inTurn(
      sweepBy(database, "sessions", "expires_at"),
      // Only sessions that were ended: live ones have null here, which no time is after.
      sweepBy(database, "sessions", "ended_at"),
    ),
  };
}

type Column = "created_at" | "at" | "expires_at" | "ended_at" | "cleared_at";

/** The times of these tables never change but from null: what was old when it was read is old when it is deleted. */
function sweepBy(
  { db }: SqlDatabase,
  table:
    | "messages"
    | "notices"
    | "replies"
    | "alerts"
    | "events"
    | "unlocks"
    | "failures"
    | "factor_failures"
    | "passkey_challenges"
    | "sessions",
  time: Column,
): Sweep {
  const at = db.dynamic.ref<string>(time);
  // The tables differ in what their ids are made of, which is all the same to these statements.
  const one = table as "messages";
  return async (before, limit) => {
    const query = db.selectFrom(one).select("id").where(at, "<", before);
    const old = await query.orderBy(at).limit(rows(limit)).execute();
    if (old.length === 0) return 0;
    const ids = old.map(({ id }) => id);
    const { numDeletedRows } = await db.deleteFrom(one).where("id", "in", ids).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  };
}

/** The second begins when the first has nothing left, with what is left of the limit. */
function inTurn(first: Sweep, second: Sweep): Sweep {
  return async (before, limit) => {
    const swept = await first(before, limit);
    return swept < limit ? swept + (await second(before, limit - swept)) : swept;
  };
}
