import type { ExpressionBuilder } from "kysely";
import type { Turn, Turns } from "../../../core/maintenance/ports.ts";
import { MINUTE_MS } from "../../../core/time.ts";
import { ifAbsent, type SqlDatabase } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

/** If a turn ends, or work was done, later than this from now, a wrong clock wrote it. */
const FARTHEST_MS = 10 * MINUTE_MS;

/** Turns as rows. Taking one is a single guarded update, so that only one of several racers matches. */
export function createTurns({ db }: SqlDatabase): Turns {
  const end = async (task: string, holder: string, done: { readonly finished_at?: number }) => {
    await db
      .updateTable("turns")
      .set({ holder: null, held_until: 0, ...done })
      .where("task", "=", task)
      .where("holder", "=", holder)
      .execute();
  };
  return {
    async take(turn, now) {
      const { task, holder, until } = turn;
      const row = { task, holder: null, held_until: 0, finished_at: 0 };
      await ifAbsent(db.insertInto("turns").values(row)).execute();
      const { numUpdatedRows } = await db
        .updateTable("turns")
        .set({ holder, held_until: until })
        .where("task", "=", task)
        .where(isFree(turn, now))
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    finish: (task, holder, now) => end(task, holder, { finished_at: now }),
    giveBack: (task, holder) => end(task, holder, {}),

    async finishedAt(task) {
      const row = await db
        .selectFrom("turns")
        .select("finished_at")
        .where("task", "=", task)
        .executeTakeFirst();
      return row?.finished_at || undefined;
    },
  };
}

function isFree({ notSince }: Turn, now: number) {
  return (eb: ExpressionBuilder<Schema, "turns">) =>
    eb.and([
      eb.or([eb("held_until", "<=", now), eb("held_until", ">", now + FARTHEST_MS)]),
      eb.or([eb("finished_at", "<=", notSince), eb("finished_at", ">", now + FARTHEST_MS)]),
    ]);
}
