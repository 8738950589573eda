import type { Kysely } from "kysely";
import type { PasswordHolder, PasswordStore } from "../../../core/password/ports.ts";
import type { SqlDatabase } from "../database.ts";
import { addNotices } from "../delivery/notice-rows.ts";
import { addEvents } from "../events.ts";
import { listFactors } from "../factors/changes.ts";
import type { TagKey } from "../keys/tag-key.ts";
import type { Schema, UserRow } from "../tables/schema.ts";
import { userOf } from "./account-rows.ts";
import { usedAt } from "./recycled.ts";
import { endOtherSessionsOf, endSessionsOf, lockLive } from "./session-ends.ts";
import { findUserRow, findUserRowByTag, hasStill, lockUser, voidDevices } from "./user-rows.ts";

export function createPasswordStore({ db, transaction }: SqlDatabase, tagKey: TagKey): PasswordStore {
  return {
    async findByTag(tag) {
      const row = await findUserRowByTag(db, tagKey, tag);
      if (!row) return undefined;
      const lastUsedAt = await usedAt(db, row);
      return { ...holderOf(row), ...(lastUsedAt !== undefined && { lastUsedAt }) };
    },

    async find(userId) {
      const row = await findUserRow(db, userId);
      return row && holderOf(row);
    },

    change: ({ userId, phoneTag, sealedHash, keep, bySms, notice, at }) =>
      transaction(async (trx) => {
        // Locked before the session: all transactions lock in this order.
        const user = await lockUser(trx, userId);
        if (!user) return false;
        if (phoneTag !== undefined && !(await hasStill(trx, tagKey, user, phoneTag))) return false;
        if (keep !== undefined && !(await lockLive(trx, keep, at))) return false;
        await trx
          .updateTable("users")
          .set((eb) => ({
            sealed_password: sealedHash,
            password_set_at: at,
            ...(bySms && { password_reset_at: at, unproven_since: null }),
            device_epoch: eb("device_epoch", "+", 1),
            updated_at: at,
          }))
          .where("id", "=", userId)
          .execute();
        await addEvents(trx, { type: "password_set", userId, at });
        await addNotices(trx, notice);
        if (keep === undefined) await endSessionsOf(trx, [userId], at);
        else await noteChosen(trx, userId, keep, at);
        return true;
      }),

    remove: ({ userId, keep, notice, at }) =>
      transaction(async (trx) => {
        const user = await lockUser(trx, userId);
        if (!user || !(await lockLive(trx, keep, at))) return "ended";
        if (user.password_set_at === null) return "none";
        if (user.login_protection && (await listFactors(trx, userId)).length === 0) return "needed";
        const removed = { sealed_password: null, password_set_at: null };
        await trx.updateTable("users").set(removed).where("id", "=", userId).execute();
        await voidDevices(trx, userId, at);
        await addEvents(trx, { type: "password_removed", userId, at });
        await addNotices(trx, notice);
        await endOtherSessionsOf(trx, userId, keep, at);
        return "removed";
      }),

    async rehash(userId, from, to) {
      await db
        .updateTable("users")
        .set({ sealed_password: to })
        .where("id", "=", userId)
        .where("sealed_password", "=", from)
        .execute();
    },
  };
}

/** A user who signed in by a temporary password now has one of their own. All other sessions end. */
async function noteChosen(trx: Kysely<Schema>, userId: string, keep: string, at: number): Promise<void> {
  await endOtherSessionsOf(trx, userId, keep, at);
  await trx.updateTable("sessions").set({ must_set_password: 0 }).where("id", "=", keep).execute();
}

function holderOf(row: UserRow): PasswordHolder {
  return {
    user: userOf(row),
    ...(row.sealed_password !== null && { sealedHash: row.sealed_password }),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
  };
}
