import type { RestoredStore } from "../../../core/maintenance/restored.ts";
import { endSessionsWith } from "../account/session-ends.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { eraseUser } from "../life/personal-data.ts";
import { forgetChanges } from "../life/phone-change-rows.ts";
import { EVERY_PHONE } from "../protection/failures.ts";

export function createRestoredStore({ db, transaction }: SqlDatabase): RestoredStore {
  return {
    spendLedgers: (marks) =>
      transaction(async (trx) => {
        for (const bucket of ["stranger", "device"] as const) {
          const values = marks.map(({ id, at, codeLength }) => ({
            id: `${id}-${bucket}`,
            phone_tag: EVERY_PHONE,
            bucket,
            at,
            code_length: codeLength,
          }));
          await trx.insertInto("failures").values(values).execute();
        }
      }),

    async endSessions(after, limit, now) {
      let query = db.selectFrom("sessions").select(["id", "ended_at", "expires_at"]);
      if (after !== undefined) query = query.where("id", ">", after);
      const page = await query.orderBy("id").limit(rowCount(limit)).execute();
      const live = page.filter(({ ended_at, expires_at }) => ended_at === null && expires_at > now);
      if (live.length > 0) {
        await transaction((trx) =>
          endSessionsWith(
            trx,
            live.map(({ id }) => id),
            now,
          ),
        );
      }
      const last = page.length === limit ? page.at(-1)?.id : undefined;
      return { ended: live.length, ...(last !== undefined && { last }) };
    },

    takeBackPhoneChanges: (limit, now) =>
      transaction(async (trx) => {
        const query = trx.selectFrom("phone_changes").select("id").limit(rowCount(limit));
        const ids = (await query.execute()).map(({ id }) => id);
        if (ids.length > 0) await forgetChanges(trx, now, (eb) => eb("id", "in", ids));
        return ids.length;
      }),

    erase: ({ userId, id, at }) =>
      transaction((trx) =>
        eraseUser(trx, { userId, tags: [], erasureId: id, by: "account_erased_by_operator", at }),
      ),
  };
}
