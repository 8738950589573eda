import type { Verification, VerificationStore } from "../../../core/verification/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { trafficOf, trafficValues } from "../protection/traffic.ts";
import { coalesce } from "../statements/coalesce.ts";
import { reusable } from "../statements/reusable.ts";
import type { VerificationRow } from "../tables/schema.ts";
import { createGuess, isLive } from "./guesses.ts";

export function createVerificationStore(database: SqlDatabase): VerificationStore {
  const { db } = database;
  return {
    ...createKeeping(database),

    async findHeld(holder, phoneTag, purpose, now) {
      const row = await db
        .selectFrom("verifications")
        .selectAll()
        .where((eb) => eb.and({ device_id: holder, phone_tag: phoneTag, purpose }))
        .where(isLive(now))
        .orderBy("created_at", "desc")
        .limit(rowCount(1))
        .executeTakeFirst();
      return row && verificationOf(row);
    },

    guess: createGuess(database),

    async resent(id, { messages, resendAt, expiresAt }, now) {
      const { numUpdatedRows } = await db
        .updateTable("verifications")
        .set({ messages, resend_at: resendAt, expires_at: expiresAt })
        .where("id", "=", id)
        .where("messages", "<", messages)
        .where(isLive(now))
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async cancel(id) {
      await db
        .updateTable("verifications")
        .set({ outcome: "canceled" })
        .where("id", "=", id)
        .where("outcome", "=", "open")
        .execute();
    },

    async sweep(before, limit) {
      const ended = await db
        .selectFrom("verifications")
        .select("id")
        .where("expires_at", "<", before)
        .orderBy("expires_at")
        .limit(rowCount(limit))
        .execute();
      if (ended.length === 0) return 0;
      const ids = ended.map(({ id }) => id);
      // A resend may have made one live longer meanwhile.
      const { numDeletedRows } = await db
        .deleteFrom("verifications")
        .where("id", "in", ids)
        .where("expires_at", "<", before)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

/** Concurrent requests are one statement. If the database runs in this process, each has its own. */
function createKeeping({ db, steps }: SqlDatabase): Pick<VerificationStore, "create" | "find"> {
  const add = reusable((rows: readonly VerificationRow[]) => db.insertInto("verifications").values(rows));
  const select = reusable((rows: readonly { readonly id: string }[]) =>
    db
      .selectFrom("verifications")
      .selectAll()
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      ),
  );
  const create = async (verifications: readonly Verification[]) => {
    await add(db, verifications.map(verificationValues));
    return verifications.map(() => undefined);
  };
  const find = async (ids: readonly string[]) => {
    const { rows } = await select(
      db,
      ids.map((id) => ({ id })),
    );
    const byId = new Map(rows.map((row) => [row.id, verificationOf(row)]));
    return ids.map((id) => byId.get(id));
  };
  if (!steps) return { create: coalesce(create), find: coalesce(find) };
  return {
    create: async (verification) => void (await create([verification])),
    find: async (id) => (await find([id]))[0],
  };
}

function verificationValues(verification: Verification): VerificationRow {
  return {
    id: verification.id,
    purpose: verification.purpose,
    phone_tag: verification.phoneTag,
    sealed_phone: verification.sealedPhone,
    code_key_id: verification.codeKeyId,
    code_length: verification.codeLength,
    granted_length: verification.grantedLength ?? null,
    attempts_allowed: verification.attemptsAllowed,
    attempts_used: verification.attemptsUsed,
    outcome: verification.outcome,
    approved_at: verification.approvedAt ?? null,
    bucket: verification.bucket,
    ...trafficValues(verification.traffic),
    device_id: verification.holder ?? null,
    browser: verification.browser ?? null,
    client: verification.asked?.client ?? null,
    sealed_ask: verification.asked?.sealed ?? null,
    locale: verification.locale,
    created_at: verification.createdAt,
    expires_at: verification.expiresAt,
    messages: verification.messages,
    resend_at: verification.resendAt,
  };
}

function verificationOf(row: VerificationRow): Verification {
  return {
    id: row.id,
    purpose: row.purpose,
    phoneTag: row.phone_tag,
    sealedPhone: row.sealed_phone,
    codeKeyId: row.code_key_id,
    codeLength: row.code_length,
    ...(row.granted_length !== null && { grantedLength: row.granted_length }),
    attemptsAllowed: row.attempts_allowed,
    attemptsUsed: row.attempts_used,
    outcome: row.outcome,
    ...(row.approved_at !== null && { approvedAt: row.approved_at }),
    bucket: row.bucket,
    ...trafficOf(row),
    ...(row.device_id !== null && { holder: row.device_id }),
    ...(row.browser !== null && { browser: row.browser }),
    ...(row.client !== null && { asked: { client: row.client, sealed: row.sealed_ask ?? "" } }),
    locale: row.locale,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    messages: row.messages,
    resendAt: row.resend_at,
  };
}
