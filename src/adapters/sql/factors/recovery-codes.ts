import type { FactorStore } from "../../../core/account/factors/ports.ts";
import { lockUser } from "../account/user-rows.ts";
import type { SqlDatabase } from "../database.ts";
import { listFactors, lockChanger, tell } from "./changes.ts";

export function recoveryCodes({
  db,
  transaction,
}: Pick<SqlDatabase, "db" | "transaction">): Pick<
  FactorStore,
  "setRecoveryCodes" | "countRecoveryCodes" | "useRecoveryCode" | "isRecoveryCodeUsed"
> {
  return {
    setRecoveryCodes: (changer, hashes, notice) =>
      transaction(async (trx) => {
        const { userId, createdAt: at } = notice;
        if (!(await lockChanger(trx, changer, at))) return "ended";
        if ((await listFactors(trx, userId)).length === 0) return "missing";
        await trx.deleteFrom("recovery_codes").where("user_id", "=", userId).execute();
        const rows = hashes.map((hash, n) => {
          return { id: `${notice.id}.${n}`, user_id: userId, hash, created_at: at };
        });
        await trx.insertInto("recovery_codes").values(rows).execute();
        await tell(trx, "factor_added", notice);
        return "set";
      }),

    async countRecoveryCodes(userId) {
      const { count } = await db
        .selectFrom("recovery_codes")
        .select((eb) => eb.fn.countAll().as("count"))
        .where("user_id", "=", userId)
        .where("used_at", "is", null)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    useRecoveryCode: (userId, hash, now, notice) =>
      transaction(async (trx) => {
        // Locked, so that no erasure can come between and leave the notice behind.
        if (!(await lockUser(trx, userId))) return false;
        const { numUpdatedRows } = await trx
          .updateTable("recovery_codes")
          .set({ used_at: now })
          .where("user_id", "=", userId)
          .where("hash", "=", hash)
          .where("used_at", "is", null)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return false;
        await tell(trx, "recovery_code_used", notice);
        return true;
      }),

    async isRecoveryCodeUsed(userId, hash) {
      const codes = db.selectFrom("recovery_codes").select("id").where("user_id", "=", userId);
      const used = codes.where("hash", "=", hash).where("used_at", "is not", null);
      return (await used.executeTakeFirst()) !== undefined;
    },
  };
}
