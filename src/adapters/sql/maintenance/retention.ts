import type { Sweeps } from "../../../core/maintenance/ports.ts";
import type { SqlDatabase } from "../database.ts";
import { createErasureSweep } from "../life/personal-data.ts";
import { inTurn, sweepBy } from "../statements/sweep-by.ts";
import type { SqlStores } from "../stores.ts";

/** Deletes rows after their retention time, in pieces, so that requests can run in between. */
export function createSweeps(
  database: SqlDatabase,
  { verifications, limits }: Pick<SqlStores, "verifications" | "limits">,
): Sweeps {
  return {
    verifications: verifications.sweep,
    limits: limits.sweep,
    messages: sweepBy(database, "messages", "created_at"),
    notices: sweepBy(database, "notices", "created_at"),
    replies: sweepBy(database, "replies", "at"),
    proofs: sweepBy(database, "redeemed_proofs", "at"),
    // Only alerts that are over: standing alerts have null here, which is never before any time.
    alerts: sweepBy(database, "alerts", "cleared_at"),
    events: sweepBy(database, "events", "at"),
    unlocks: sweepBy(database, "unlocks", "at"),
    erasures: createErasureSweep(database),
    failures: inTurn(sweepBy(database, "failures", "at"), sweepBy(database, "factor_failures", "at")),
    passkeyChallenges: sweepBy(database, "passkey_challenges", "expires_at"),
    sessions: inTurn(
      sweepBy(database, "sessions", "expires_at"),
      // Only sessions that were ended: live ones have null here, which is never before any time.
      sweepBy(database, "sessions", "ended_at"),
    ),
  };
}
