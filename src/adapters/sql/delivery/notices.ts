import type { DueNotice, NoticeStore } from "../../../core/notices/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { messageValues } from "./message-writes.ts";
import { addNotices, noticeOf } from "./notice-rows.ts";

export function createNoticeStore({ db, transaction }: SqlDatabase, tagKey: TagKey): NoticeStore {
  return {
    add: (notice) => addNotices(db, notice),

    async findWaiting(id) {
      const row = await db
        .selectFrom("notices")
        .selectAll()
        .where("id", "=", id)
        .where("state", "=", "waiting")
        .executeTakeFirst();
      return row && noticeOf(row);
    },

    claim: (id, until, message) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, message.phoneTag);
        const { numUpdatedRows } = await trx
          .updateTable("notices")
          .set({ state: "sending", due_at: until })
          .where("id", "=", id)
          .where("state", "=", "waiting")
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 1n) await trx.insertInto("messages").values(messageValues(message)).execute();
        return numUpdatedRows === 1n;
      }),

    async giveBack(id, until) {
      await db
        .updateTable("notices")
        .set({ state: "waiting", due_at: until })
        .where("id", "=", id)
        .where("state", "=", "sending")
        .execute();
    },

    async postpone(id, until) {
      await db
        .updateTable("notices")
        .set({ due_at: until })
        .where("id", "=", id)
        .where("state", "=", "waiting")
        .execute();
    },

    async end(id, state) {
      await db
        .updateTable("notices")
        .set({ state, due_at: null, phone_tag: "", sealed_phone: "", sealed_stop_code: null })
        .where("id", "=", id)
        .where("state", "in", ["waiting", "sending"])
        .execute();
    },

    async due(now, limit) {
      const due = await db
        .selectFrom("notices")
        .selectAll()
        .where("due_at", "<=", now)
        .orderBy("due_at")
        .limit(rowCount(limit))
        .execute();
      return due.map((row) => ({ ...noticeOf(row), state: row.state as DueNotice["state"] }));
    },
  };
}
