import type { ExpressionBuilder, Kysely } from "kysely";
import type { SessionStore } from "../../core/account/ports.ts";
import { sessionOf, sessionValues, userOf } from "./account-rows.ts";
import type { SqlDatabase } from "./database.ts";
import { addEvent } from "./events.ts";
import type { Schema } from "./schema.ts";

export function createSessionStore({ db, transaction }: SqlDatabase): SessionStore {
  return {
    async find(id) {
      const row = await db
        .selectFrom("sessions")
        .innerJoin("users", "users.id", "sessions.user_id")
        .selectAll("sessions")
        .select(["phone_tag", "sealed_phone", "name", "avatar", "device_epoch"])
        .select("users.created_at as user_created_at")
        .where("sessions.id", "=", id)
        .executeTakeFirst();
      if (!row) return undefined;
      const user = userOf({ ...row, id: row.user_id, created_at: row.user_created_at });
      return { session: sessionOf(row), user };
    },

    open: (session) =>
      transaction(async (trx) => {
        await trx.insertInto("sessions").values(sessionValues(session)).execute();
        const { userId, id: sessionId, createdAt: at } = session;
        await addEvent(trx, { type: "sign_in", userId, sessionId, at });
      }),

    async rotate(id, generation, now) {
      const { numUpdatedRows } = await db
        .updateTable("sessions")
        .set({ generation: generation + 1, rotated_at: now, last_used_at: now })
        .where("id", "=", id)
        .where("generation", "=", generation)
        .where(isLive(now))
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async touch(id, now) {
      await db
        .updateTable("sessions")
        .set({ last_used_at: now })
        .where("id", "=", id)
        .where("last_used_at", "<", now)
        .where(isLive(now))
        .execute();
    },

    async list(userId, now) {
      const found = await db
        .selectFrom("sessions")
        .selectAll()
        .where("user_id", "=", userId)
        .where(isLive(now))
        .orderBy("last_used_at", "desc")
        .execute();
      return found.map(sessionOf);
    },

    end: (userId, sessionId, now) =>
      transaction(async (trx) => {
        const ended = await endWhere(trx, now, (eb) => eb.and({ user_id: userId, id: sessionId }));
        if (ended) await addEvent(trx, { type: "session_ended", userId, sessionId, at: now });
        return ended;
      }),

    endOthers: (userId, keep, now) =>
      transaction(async (trx) => {
        const others: Condition = (eb) => eb.and([eb("user_id", "=", userId), eb("id", "!=", keep)]);
        await addEndedEvents(trx, now, others);
        await endWhere(trx, now, others);
      }),

    endAll: (userId, now) =>
      transaction(async (trx) => {
        // The user's row first: whoever ends all of this user's sessions at the same time waits here.
        await trx
          .updateTable("users")
          .set((eb) => ({ device_epoch: eb("device_epoch", "+", 1), updated_at: now }))
          .where("id", "=", userId)
          .execute();
        const all: Condition = (eb) => eb("user_id", "=", userId);
        await addEndedEvents(trx, now, all);
        await endWhere(trx, now, all);
      }),
  };
}

type Expression = ReturnType<ExpressionBuilder<Schema, "sessions">["and"]>;
type Condition = (eb: ExpressionBuilder<Schema, "sessions">) => Expression;

function isLive(now: number): Condition {
  return (eb) => eb.and([eb("ended_at", "is", null), eb("expires_at", ">", now)]);
}

/** Whether there was anything to end. */
async function endWhere(trx: Kysely<Schema>, now: number, which: Condition): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("sessions")
    .set({ ended_at: now })
    .where(which)
    .where(isLive(now))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

async function addEndedEvents(trx: Kysely<Schema>, now: number, which: Condition): Promise<void> {
  await trx
    .insertInto("events")
    .columns(["type", "user_id", "session_id", "at"])
    .expression((eb) =>
      eb
        .selectFrom("sessions")
        .select((row) => [
          row.val<"session_ended">("session_ended").as("type"),
          "user_id",
          "id as session_id",
          row.val(now).as("at"),
        ])
        .where(which)
        .where(isLive(now)),
    )
    .execute();
}
