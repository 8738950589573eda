import type { Kysely, Selectable } from "kysely";
import type { PhoneChange, PhoneChangeStore } from "../../../core/life/ports.ts";
import { userOf, userValues } from "../account/account-rows.ts";
import { endOtherSessionsOf, endSessionsOf, lockLive } from "../account/session-ends.ts";
import { lockUser, voidDevices } from "../account/user-rows.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";
import { addNotices } from "../delivery/notice-rows.ts";
import { addEvents } from "../events.ts";
import type { TagKey } from "../keys/tag-key.ts";
import type { PhoneChangesTable } from "../tables/life.ts";
import type { Schema, UserRow } from "../tables/schema.ts";

export function createPhoneChangeStore({ db, transaction }: SqlDatabase, tagKey: TagKey): PhoneChangeStore {
  return {
    propose: (change, notices) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, change.phoneTag);
        const { userId, sessionId, createdAt: at } = change;
        // The session may have been ended while the request was under way. Then the change is refused.
        if (!(await lockUser(trx, userId)) || !(await lockLive(trx, sessionId, at))) return "gone";
        if (await userWith(trx, change.phoneTag)) return "taken";
        const earlier = await findBy(trx, "user_id", userId);
        await remove(trx, userId);
        await ifAbsent(trx.insertInto("phone_changes").values(valuesOf(change))).execute();
        // The caller that came first with this number has the row.
        const kept = await findBy(trx, "phone_tag", change.phoneTag);
        if (kept?.id !== change.id) {
          if (earlier) await trx.insertInto("phone_changes").values(valuesOf(earlier)).execute();
          return "taken";
        }
        await addNotices(trx, ...notices);
        await addEvents(trx, { type: "phone_change_started", userId, sessionId, at });
        return "proposed";
      }),

    find: (userId) => findBy(db, "user_id", userId),
    findByStopHash: (stopHash) => findBy(db, "stop_hash", stopHash),

    apply: ({ id, userId }, { sealedPhone, notices }, now) =>
      transaction(async (trx) => {
        const user = await lockUser(trx, userId);
        const change = await findBy(trx, "user_id", userId);
        if (!user || change?.id !== id) return "gone";
        const { phoneTag, sessionId } = change;
        await tagKey.assertCurrent(trx, phoneTag);
        await trx.deleteFrom("phone_changes").where("id", "=", id).execute();
        if (!(await claim(trx, { ...user, id, phone_tag: phoneTag }))) return "taken";
        await trx
          .updateTable("users")
          .set({ phone_tag: phoneTag, sealed_phone: sealedPhone, updated_at: now })
          .where("id", "=", userId)
          .execute();
        await voidDevices(trx, userId, now);
        await endOtherSessionsOf(trx, userId, sessionId, now);
        await addNotices(trx, ...notices);
        await addEvents(trx, { type: "phone_changed", userId, sessionId, at: now });
        return "applied";
      }),

    cancel: (userId, sessionId, now) =>
      transaction(async (trx) => {
        if (!(await lockUser(trx, userId)) || !(await lockLive(trx, sessionId, now))) return "gone";
        if (!(await remove(trx, userId))) return "none";
        await addEvents(trx, { type: "phone_change_canceled", userId, at: now });
        return "canceled";
      }),

    stop: (stopHash, now) =>
      transaction(async (trx) => {
        const found = await findBy(trx, "stop_hash", stopHash);
        if (!found || !(await lockUser(trx, found.userId))) return false;
        const { userId } = found;
        if (!(await remove(trx, userId, stopHash))) return false;
        await voidDevices(trx, userId, now);
        await endSessionsOf(trx, [userId], now);
        await addEvents(trx, { type: "phone_change_stopped", userId, at: now });
        return true;
      }),

    async postpone(id, until) {
      await db.updateTable("phone_changes").set({ due_at: until }).where("id", "=", id).execute();
    },

    async due(now, limit) {
      const due = await db
        .selectFrom("phone_changes")
        .selectAll()
        .where("due_at", "<=", now)
        .orderBy("due_at")
        .limit(rowCount(limit))
        .execute();
      return due.map(changeOf);
    },
  };
}

async function userWith(trx: Kysely<Schema>, phoneTag: string): Promise<boolean> {
  const query = trx.selectFrom("users").select("id").where("phone_tag", "=", phoneTag);
  return (await query.executeTakeFirst()) !== undefined;
}

/**
 * Whether nobody else has the number. A row of our own holds its place for a moment. Somebody who signs up with the
 * number at the same time waits for it, or came first, and no statement fails on the unique index.
 */
async function claim(trx: Kysely<Schema>, holder: UserRow): Promise<boolean> {
  await ifAbsent(trx.insertInto("users").values(userValues(userOf(holder), holder.created_at))).execute();
  const { numDeletedRows } = await trx
    .deleteFrom("users")
    .where("id", "=", holder.id)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

async function remove(trx: Kysely<Schema>, userId: string, stopHash?: string): Promise<boolean> {
  let query = trx.deleteFrom("phone_changes").where("user_id", "=", userId);
  if (stopHash !== undefined) query = query.where("stop_hash", "=", stopHash);
  const { numDeletedRows } = await query.executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

async function findBy(
  trx: Kysely<Schema>,
  column: "user_id" | "phone_tag" | "stop_hash",
  value: string,
): Promise<PhoneChange | undefined> {
  const row = await trx.selectFrom("phone_changes").selectAll().where(column, "=", value).executeTakeFirst();
  return row && changeOf(row);
}

function valuesOf(change: PhoneChange): Selectable<PhoneChangesTable> {
  return {
    id: change.id,
    user_id: change.userId,
    session_id: change.sessionId,
    phone_tag: change.phoneTag,
    sealed_phone: change.sealedPhone,
    stop_hash: change.stopHash,
    locale: change.locale,
    created_at: change.createdAt,
    due_at: change.dueAt,
  };
}

function changeOf(row: Selectable<PhoneChangesTable>): PhoneChange {
  return {
    id: row.id,
    userId: row.user_id,
    sessionId: row.session_id,
    phoneTag: row.phone_tag,
    sealedPhone: row.sealed_phone,
    stopHash: row.stop_hash,
    locale: row.locale,
    createdAt: row.created_at,
    dueAt: row.due_at,
  };
}
