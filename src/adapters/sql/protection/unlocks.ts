import type { UnlockStore } from "../../../core/protection/budgets/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { lockName } from "../locks.ts";

export function createUnlockStore({ db, transaction }: SqlDatabase, tagKey: TagKey): UnlockStore {
  return {
    add: ({ id, phoneTag, sealedPhone, sealedReason, at }, { mark, tags, since, unlockableAt }) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, phoneTag);
        await lockName(trx, `unlock:${phoneTag}`, at);
        const earlier = await trx
          .selectFrom("failures")
          .select("at")
          .where("phone_tag", "in", tags)
          .where("bucket", "=", "stranger")
          .where("at", ">", since)
          .where("code_length", "=", mark.codeLength)
          .orderBy("at")
          .execute();
        const times = earlier.map((row) => row.at);
        const retryAt = unlockableAt(times, at);
        if (retryAt > at) return { ok: false, retryAt };
        const row = { id, phone_tag: phoneTag, at };
        await trx
          .insertInto("failures")
          .values({ ...row, bucket: "stranger", at: mark.at, code_length: mark.codeLength })
          .execute();
        await trx
          .insertInto("unlocks")
          .values({ ...row, sealed_phone: sealedPhone, sealed_reason: sealedReason })
          .execute();
        return { ok: true };
      }),

    async of(tags, limit) {
      const query = db
        .selectFrom("unlocks")
        .selectAll()
        .where("phone_tag", "in", tags)
        .where("sealed_phone", "!=", "");
      const found = await query.orderBy("at", "desc").limit(rowCount(limit)).execute();
      return found.map(({ id, phone_tag, sealed_phone, sealed_reason, at }) => {
        return { id, phoneTag: phone_tag, sealedPhone: sealed_phone, sealedReason: sealed_reason, at };
      });
    },
  };
}
