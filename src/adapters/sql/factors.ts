import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type {
  AppGuess,
  AppGuessOutcome,
  Changer,
  Factor,
  FactorStore,
  Protect,
} from "../../core/account/factors/ports.ts";
import type { Notice } from "../../core/notices/ports.ts";
import { ifAbsent, type SqlDatabase } from "./database.ts";
import { addEvents } from "./events.ts";
import { appOf, appValues, factorOf, passkeyValues } from "./factor-rows.ts";
import { addNotices } from "./notice-rows.ts";
import type { Schema } from "./schema.ts";
import { endOtherSessionsOf, lockLive, lockUser, voidDevices } from "./sessions.ts";

/** The user's row comes first in every transaction: whatever a user's factors are asked at the same time waits there. */
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

    guess: (guess, now) => transaction((trx) => guessApp(trx, guess, now)),
    ...passkeyUse({ db, transaction }),
    ...recovery({ db, transaction }),
    ...protection({ transaction }),
  };
}

type Transaction = Kysely<Schema>;

/** The user, as long as the session lives: whoever ends it waits, or was first. */
async function lockChanger(trx: Transaction, { userId, sessionId }: Changer, now: number) {
  const user = await lockUser(trx, userId);
  return user && (await lockLive(trx, sessionId, now)) ? user : undefined;
}

/** Writes down what happened: for the user, and in the audit trail. */
async function tell(
  trx: Transaction,
  type: "factor_added" | "factor_removed" | "protection_off" | "recovery_code_used",
  notice: Notice,
): Promise<void> {
  await addEvents(trx, { type, userId: notice.userId, at: notice.createdAt });
  await addNotices(trx, notice);
}

export async function listFactors(trx: Transaction, userId: string): Promise<readonly Factor[]> {
  const rows = await trx
    .selectFrom("factors")
    .selectAll()
    .where("user_id", "=", userId)
    .where("confirmed_at", "is not", null)
    .orderBy("created_at")
    .execute();
  return rows.map(factorOf);
}

async function guessApp(
  trx: Transaction,
  { userId, bucket, right, windows, failureId }: AppGuess,
  now: number,
): Promise<AppGuessOutcome> {
  if (!(await lockUser(trx, userId))) return { is: "wrong" };
  const since = now - Math.max(...windows.map(({ windowMs }) => windowMs));
  const failures = await trx
    .selectFrom("factor_failures")
    .select("at")
    .where("user_id", "=", userId)
    .where("bucket", "=", bucket)
    .where("at", ">", since)
    .orderBy("at")
    .execute();
  const full = windows.flatMap(({ max, windowMs }) => {
    const oldest = failures.filter(({ at }) => at > now - windowMs).at(-max);
    return oldest ? [oldest.at + windowMs] : [];
  });
  if (full.length > 0) return { is: "spent", freeAt: Math.max(...full) };
  if (right && (await useStep(trx, userId, right, now))) return { is: "right" };
  await trx
    .insertInto("factor_failures")
    .values({ id: failureId, user_id: userId, bucket, at: now })
    .execute();
  return { is: "wrong" };
}

/** A step that is not newer than the last one was used, or was passed over (RFC 6238, section 5.2). */
async function useStep(
  trx: Transaction,
  userId: string,
  { factorId, step }: NonNullable<AppGuess["right"]>,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("factors")
    .set({ last_step: step, last_used_at: now })
    .where("id", "=", factorId)
    .where("user_id", "=", userId)
    .where("last_step", "<", step)
    .where("confirmed_at", "is not", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

type Database = Pick<SqlDatabase, "db" | "transaction">;

function passkeyUse({ db, transaction }: Database): Pick<FactorStore, "challenge" | "answer" | "usePasskey"> {
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
        // Passkeys that live on several devices do not count (WebAuthn level 3, section 6.1.1).
        .where("counter", counter === 0 ? "=" : "<", counter)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

function recovery({
  db,
  transaction,
}: Database): Pick<FactorStore, "setRecoveryCodes" | "countRecoveryCodes" | "useRecoveryCode"> {
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
        // An erasure that comes between would leave the notice.
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
  };
}

function protection({
  transaction,
}: Pick<Database, "transaction">): Pick<FactorStore, "remove" | "protect" | "unprotect"> {
  return {
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

    protect: ({ when, ...changer }: Protect, now) =>
      transaction(async (trx) => {
        const { userId, sessionId } = changer;
        const user = await lockChanger(trx, changer, now);
        if (!user) return "ended";
        const hasPassword = user.password_set_at !== null;
        if (!hasPassword && (await listFactors(trx, userId)).length === 0) return "missing";
        const set = { login_protection: when, updated_at: now };
        await trx.updateTable("users").set(set).where("id", "=", userId).execute();
        await voidDevices(trx, userId, now);
        await endOtherSessionsOf(trx, userId, sessionId, now);
        await addEvents(trx, { type: "protection_on", userId, sessionId, at: now });
        return "protected";
      }),

    unprotect: (changer, notice) =>
      transaction(async (trx) => {
        const at = notice.createdAt;
        const user = await lockChanger(trx, changer, at);
        if (!user) return "ended";
        if (!user.login_protection) return "unprotected";
        const set = { login_protection: null, updated_at: at };
        await trx.updateTable("users").set(set).where("id", "=", changer.userId).execute();
        await tell(trx, "protection_off", notice);
        return "unprotected";
      }),
  };
}

/** Ids of passkeys are longer than what an index takes. */
function hashOf(credentialId: string): string {
  return createHash("sha256").update(credentialId).digest("base64url");
}
