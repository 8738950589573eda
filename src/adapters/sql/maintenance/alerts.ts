import { sql } from "kysely";
import type { Alert, AlertDetail, AlertStore, Telling } from "../../../core/alerts/ports.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";
import type { AlertRow } from "../tables/schema.ts";

/** Far more than there are kinds and subjects. */
const MOST_STANDING = 500;

export function createAlertStore({ db }: SqlDatabase): AlertStore {
  return {
    async raise(alert) {
      const standing_key = standingKey(alert);
      const row = { ...valuesOf(alert), standing_key };
      await ifAbsent(db.insertInto("alerts").values(row)).execute();
      const kept = await db
        .selectFrom("alerts")
        .select("id")
        .where("standing_key", "=", standing_key)
        .executeTakeFirst();
      return kept?.id === alert.id;
    },

    async clear(kind, subject, now) {
      const { numUpdatedRows } = await db
        .updateTable("alerts")
        .set({
          standing_key: null,
          cleared_at: now,
          // If its beginning is not told yet, that keeps its time, and the end is told after it.
          next_attempt_at: sql`coalesce(next_attempt_at, ${now})`,
        })
        .where("standing_key", "=", standingKey({ kind, subject }))
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    standing: () =>
      db
        .selectFrom("alerts")
        .select(["kind", "subject"])
        .where("standing_key", ">", "")
        .orderBy("standing_key")
        .limit(rowCount(MOST_STANDING))
        .execute(),

    async due(now, limit) {
      const due = await db
        .selectFrom("alerts")
        .selectAll()
        .where("next_attempt_at", "<=", now)
        .orderBy("next_attempt_at")
        .limit(rowCount(limit))
        .execute();
      return due.map(tellingOf);
    },

    async told({ alert, what }, now) {
      const [before, told] = what === "raised" ? [0, 1] : [1, 2];
      const next =
        what === "raised" ? sql<number | null>`case when cleared_at is null then null else ${now} end` : null;
      await db
        .updateTable("alerts")
        .set({ told, attempts: 0, next_attempt_at: next })
        .where("id", "=", alert.id)
        .where("told", "=", before)
        .execute();
    },

    async postpone({ alert, what, attempts }, until) {
      await db
        .updateTable("alerts")
        .set({ attempts: attempts + 1, next_attempt_at: until })
        .where("id", "=", alert.id)
        .where("told", "=", what === "raised" ? 0 : 1)
        .execute();
    },
  };
}

function standingKey({ kind, subject }: Pick<Alert, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}

function valuesOf({ id, kind, subject, detail, raisedAt }: Alert) {
  return {
    id,
    kind,
    subject,
    detail: JSON.stringify(detail),
    raised_at: raisedAt,
    cleared_at: null,
    told: 0,
    attempts: 0,
    next_attempt_at: raisedAt,
  };
}

function tellingOf(row: AlertRow): Telling {
  const alert = {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    detail: JSON.parse(row.detail) as AlertDetail,
    raisedAt: row.raised_at,
    ...(row.cleared_at !== null && { clearedAt: row.cleared_at }),
  };
  return { alert, what: row.told === 0 ? "raised" : "cleared", attempts: row.attempts };
}
