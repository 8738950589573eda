import type { Kysely } from "kysely";
import type { Method } from "../../../core/session/methods.ts";
import type { Session, SessionStore } from "../../../core/session/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import { forgetChanges } from "../life/phone-change-rows.ts";
import { coalesce } from "../statements/coalesce.ts";
import { reusable } from "../statements/reusable.ts";
import type { Schema } from "../tables/schema.ts";
import { methodsOf, sessionOf, sessionValues, userOf } from "./account-rows.ts";
import { noteUse } from "./last-use.ts";
import { endOtherSessionsOf, endSessionsOf, endWhere, isLive, isThere, lockLive } from "./session-ends.ts";
import { lockUser, voidDevices } from "./user-rows.ts";

/** More than a person looks through. The list must stay bounded even if somebody opens sessions on purpose. */
const MOST_LISTED = 100;

export function createSessionStore(database: SqlDatabase): SessionStore {
  const { db, transaction } = database;
  return {
    find: createFind(database),

    open: (session) =>
      transaction(async (trx) => {
        if (!(await lockUser(trx, session.userId)) || (await isThere(trx, session.id))) return false;
        await trx.insertInto("sessions").values(sessionValues(session)).execute();
        // A session that a page handed over is as old as the page's.
        const { userId, id: sessionId, lastUsedAt: at } = session;
        await addEvents(trx, { type: "sign_in", userId, sessionId, at });
        return true;
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

    stepUp: (id, method, now, from) => transaction((trx) => raise(trx, { id, method, from }, now)),

    async touch(id, now) {
      await db
        .updateTable("sessions")
        .set({ last_used_at: now })
        .where("id", "=", id)
        .where("last_used_at", "<", now)
        .where(isLive(now))
        .execute();
      const query = db.selectFrom("sessions").select("user_id").where("id", "=", id);
      const session = await query.executeTakeFirst();
      if (session) await noteUse(db, [session.user_id], now);
    },

    async list(userId, now) {
      const found = await db
        .selectFrom("sessions")
        .selectAll()
        .where("user_id", "=", userId)
        .where(isLive(now))
        .orderBy("last_used_at", "desc")
        .limit(rowCount(MOST_LISTED))
        .execute();
      return found.map(sessionOf);
    },

    ...createEnds(database),
  };
}

/**
 * All but `end` are used against somebody else who may have a session. So they make all device tokens void; a device
 * gets a new one at its next refresh.
 */
function createEnds({
  transaction,
}: SqlDatabase): Pick<SessionStore, "end" | "evict" | "endOthers" | "endAll"> {
  return {
    end: (userId, sessionId, now) =>
      transaction(async (trx) => {
        const ended = await endWhere(trx, now, (eb) => eb.and({ user_id: userId, id: sessionId }));
        if (ended) await addEvents(trx, { type: "session_ended", userId, sessionId, at: now });
        return ended;
      }),

    evict: (userId, sessionId, now, by) =>
      transaction(async (trx) => {
        await lockUser(trx, userId);
        if (by !== undefined && !(await lockLive(trx, by, now))) return false;
        const ended = await endWhere(trx, now, (eb) => eb.and({ user_id: userId, id: sessionId }));
        if (!ended) return false;
        await voidDevices(trx, userId, now);
        await forgetChanges(trx, now, (eb) => eb.and({ user_id: userId, session_id: sessionId }));
        await addEvents(trx, { type: "session_ended", userId, sessionId, at: now });
        return true;
      }),

    endOthers: (userId, keep, now) =>
      transaction(async (trx) => {
        await lockUser(trx, userId);
        if (!(await lockLive(trx, keep, now))) return false;
        await voidDevices(trx, userId, now);
        await endOtherSessionsOf(trx, userId, keep, now);
        return true;
      }),

    endAll: (userId, now, by) =>
      transaction(async (trx) => {
        if (!(await lockUser(trx, userId))) return false;
        if (typeof by === "object" && !(await lockLive(trx, by.sessionId, now))) return false;
        await voidDevices(trx, userId, now);
        if (by === "operator") await addEvents(trx, { type: "sessions_ended_by_operator", userId, at: now });
        await endSessionsOf(trx, [userId], now);
        return true;
      }),
  };
}

/** A caller that adds another method at the same time waits for this lock, and then finds this method. */
async function raise(
  trx: Kysely<Schema>,
  { id, method, from }: { readonly id: string; readonly method: Method; readonly from: number | undefined },
  now: number,
): Promise<Session | undefined> {
  const live = trx.selectFrom("sessions").selectAll().where("id", "=", id).where(isLive(now));
  const row = await live.forUpdate().executeTakeFirst();
  if (!row) return undefined;
  const amr = [...methodsOf(row.amr).filter((earlier) => earlier !== method), method].join(" ");
  const rotated = row.generation === from && { generation: row.generation + 1, rotated_at: now };
  const raised = { amr, auth_time: now, last_used_at: now, ...rotated };
  await trx.updateTable("sessions").set(raised).where("id", "=", id).execute();
  await addEvents(trx, { type: "step_up", userId: row.user_id, sessionId: id, at: now });
  return sessionOf({ ...row, ...raised });
}

/** Concurrent lookups are read in one statement, because every request with an access token needs one. */
function createFind({ db }: SqlDatabase): SessionStore["find"] {
  const findAll = reusable((rows: readonly { id: string }[]) =>
    db
      .selectFrom("sessions")
      .innerJoin("users", "users.id", "sessions.user_id")
      .select(["phone_tag", "sealed_phone", "name", "avatar", "device_epoch", "unproven_since"])
      .select(["login_protection", "password_set_at", "password_reset_at"])
      .select("users.created_at as user_created_at")
      .selectAll("sessions")
      .where(
        "sessions.id",
        "in",
        rows.map(({ id }) => id),
      ),
  );
  return coalesce(async (ids: readonly string[]) => {
    const { rows: found } = await findAll(
      db,
      ids.map((id) => ({ id })),
    );
    const byId = new Map(
      found.map((row) => {
        const user = userOf({ ...row, id: row.user_id, created_at: row.user_created_at });
        return [row.id, { session: sessionOf(row), user }];
      }),
    );
    return ids.map((id) => byId.get(id));
  });
}
