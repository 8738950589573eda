import { createHash } from "node:crypto";
import { type FactorStore, MOST_FACTORS } from "../../../core/account/factors/ports.ts";
import { ifAbsent, type SqlDatabase } from "../database.ts";
import { guessApp } from "./app-guesses.ts";
import { listFactors, lockChanger, tell } from "./changes.ts";
import { loginProtection } from "./login-protection.ts";
import { recoveryCodes } from "./recovery-codes.ts";
import { appOf, appValues, passkeyValues } from "./rows.ts";

/** Every transaction locks the user's row first, so that concurrent changes of a user's factors wait there. */
export function createFactorStore({ db, transaction }: SqlDatabase): FactorStore {
  return {
    list: (userId) => listFactors(db, userId),

    propose: (factor, sessionId) =>
      transaction(async (trx) => {
        const { userId, createdAt: at } = factor;
        if (!(await lockChanger(trx, { userId, sessionId }, at))) return "ended";
        const proposed = trx.deleteFrom("factors").where("user_id", "=", userId);
        await proposed.where("kind", "=", "totp").where("confirmed_at", "is", null).execute();
        await trx.insertInto("factors").values(appValues(factor)).execute();
        return "proposed";
      }),

    async findProposed(userId, id) {
      const rows = db.selectFrom("factors").selectAll().where("id", "=", id).where("user_id", "=", userId);
      const row = await rows.where("confirmed_at", "is", null).executeTakeFirst();
      return row && appOf(row);
    },

    confirm: ({ id, step, ...changer }, notice) =>
      transaction(async (trx) => {
        const at = notice.createdAt;
        if (!(await lockChanger(trx, changer, at))) return "ended";
        const factors = await listFactors(trx, changer.userId);
        if (factors.length >= MOST_FACTORS && !factors.some((factor) => factor.id === id)) return "full";
        const { numUpdatedRows } = await trx
          .updateTable("factors")
          .set({ confirmed_at: at, last_used_at: at, last_step: step })
          .where("id", "=", id)
          .where("user_id", "=", changer.userId)
          .where("confirmed_at", "is", null)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return "unknown";
        await tell(trx, "factor_added", notice);
        return "confirmed";
      }),

    addPasskey: (factor, sessionId, notice) =>
      transaction(async (trx) => {
        const { userId, createdAt: at } = factor;
        if (!(await lockChanger(trx, { userId, sessionId }, at))) return "ended";
        if ((await listFactors(trx, userId)).length >= MOST_FACTORS) return "full";
        const values = { ...passkeyValues(factor), credential_hash: hashOf(factor.credentialId) };
        await ifAbsent(trx.insertInto("factors").values(values)).execute();
        const kept = trx
          .selectFrom("factors")
          .select("id")
          .where("credential_hash", "=", values.credential_hash);
        if ((await kept.executeTakeFirst())?.id !== factor.id) return "taken";
        await tell(trx, "factor_added", notice);
        return "added";
      }),

    remove: (changer, id, notice) =>
      transaction(async (trx) => {
        const { userId } = changer;
        const user = await lockChanger(trx, changer, notice.createdAt);
        if (!user) return "ended";
        const factors = await listFactors(trx, userId);
        if (!factors.some((factor) => factor.id === id)) return "unknown";
        const isLast = factors.length === 1;
        if (isLast && user.login_protection) return "last";
        await trx.deleteFrom("factors").where("id", "=", id).execute();
        if (isLast) await trx.deleteFrom("recovery_codes").where("user_id", "=", userId).execute();
        await tell(trx, "factor_removed", notice);
        return "removed";
      }),

    guess: (guess, now) => transaction((trx) => guessApp(trx, guess, now)),
    ...passkeyUse({ db, transaction }),
    ...recoveryCodes({ db, transaction }),
    ...loginProtection({ transaction }),
  };
}

function passkeyUse({
  db,
  transaction,
}: Pick<SqlDatabase, "db" | "transaction">): Pick<FactorStore, "challenge" | "answer" | "usePasskey"> {
  return {
    challenge: ({ challenge, userId, boundTo, expiresAt }, now) =>
      transaction(async (trx) => {
        const old = trx.deleteFrom("passkey_challenges").where("user_id", "=", userId);
        await old.where("expires_at", "<=", now).execute();
        const values = { id: challenge, user_id: userId, bound_to: boundTo, expires_at: expiresAt };
        await trx.insertInto("passkey_challenges").values(values).execute();
      }),

    async answer({ challenge, userId, boundTo }, now) {
      const { numDeletedRows } = await db
        .deleteFrom("passkey_challenges")
        .where("id", "=", challenge)
        .where("user_id", "=", userId)
        .where("bound_to", "=", boundTo)
        .where("expires_at", ">", now)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },

    async usePasskey(id, counter, now) {
      const { numUpdatedRows } = await db
        .updateTable("factors")
        .set({ counter, last_used_at: now })
        .where("id", "=", id)
        // Passkeys that live on several devices do not count their uses (WebAuthn level 3, section 6.1.1).
        .where("counter", counter === 0 ? "=" : "<", counter)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

/** Ids of passkeys are longer than what an index takes. */
function hashOf(credentialId: string): string {
  return createHash("sha256").update(credentialId).digest("base64url");
}
