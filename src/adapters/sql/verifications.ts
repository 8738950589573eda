import type { ExpressionBuilder, Kysely } from "kysely";
import type { Verification, VerificationStore } from "../../core/verification/ports.ts";
import { rows, type SqlDatabase, type Steps } from "./database.ts";
import { filled, reusable } from "./reusable.ts";
import type { Schema, VerificationRow } from "./schema.ts";
import { trafficOf, trafficValues } from "./traffic.ts";

export function createVerificationStore(database: SqlDatabase): VerificationStore {
  const { db } = database;
  const add = reusable((rows: readonly VerificationRow[]) => db.insertInto("verifications").values(rows));
  const find = reusable(([{ id } = NONE]: readonly Named[]) =>
    db.selectFrom("verifications").selectAll().where("id", "=", id),
  );
  return {
    async create(verification) {
      await add(db, [verificationValues(verification)]);
    },

    async find(id) {
      const { rows } = await find(db, [{ id }]);
      return rows[0] && verificationOf(rows[0]);
    },

    async findHeld(holder, phoneTag, purpose, now) {
      const row = await db
        .selectFrom("verifications")
        .selectAll()
        .where((eb) => eb.and({ device_id: holder, phone_tag: phoneTag, purpose }))
        .where(isLive(now))
        .orderBy("created_at", "desc")
        .limit(rows(1))
        .executeTakeFirst();
      return row && verificationOf(row);
    },

    guess: database.steps ? guessInSteps(db, database.steps) : guessOneByOne(db),

    async resent(id, { messages, resendAt, expiresAt }, now) {
      const { numUpdatedRows } = await db
        .updateTable("verifications")
        .set({ messages, resend_at: resendAt, expires_at: expiresAt })
        .where("id", "=", id)
        .where("messages", "=", messages - 1)
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
        .limit(rows(limit))
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

interface Named {
  readonly [name: string]: string | number;
  readonly id: string;
}

interface GuessRow extends Named {
  readonly now: number;
}

/** Statements are built for one row at least. */
const NONE = { id: "", now: 0 };

function guessStatements(db: Kysely<Schema>) {
  const count = (right: boolean) =>
    filled(([{ id, now } = NONE]: readonly GuessRow[]) =>
      db
        .updateTable("verifications")
        .set((eb) => ({
          attempts_used: eb("attempts_used", "+", 1),
          ...(right && { outcome: "approved" as const, approved_at: now }),
        }))
        .where("id", "=", id)
        .where(isLive(now)),
    );
  return {
    wrong: count(false),
    right: count(true),
    /** How a verification ended that is over: nothing of it changes any more. */
    end: filled(([{ id } = NONE]: readonly Named[]) =>
      db
        .selectFrom("verifications")
        .select(["attempts_used as attemptsUsed", "messages"])
        .where("id", "=", id),
    ),
  };
}

/** One statement counts, and after the right guess another one reads. */
function guessOneByOne(db: Kysely<Schema>): VerificationStore["guess"] {
  const statements = guessStatements(db);
  return async (id, right, now) => {
    const counted = await db.executeQuery((right ? statements.right : statements.wrong)([{ id, now }], db));
    if (counted.numAffectedRows === 0n) return { outcome: "dead" };
    if (!right) return { outcome: "wrong" };
    const { rows } = await db.executeQuery(statements.end([{ id }], db));
    return { outcome: "approved", ...endOf(rows[0]) };
  };
}

/** Both in one turn, so that nobody waits for the disk twice. */
function guessInSteps(db: Kysely<Schema>, steps: Steps): VerificationStore["guess"] {
  const statements = guessStatements(db);
  return (id, right, now) =>
    steps.write((step) => {
      const { changes } = step.execute((right ? statements.right : statements.wrong)([{ id, now }], db));
      if (changes === 0) return { outcome: "dead" };
      if (!right) return { outcome: "wrong" };
      return { outcome: "approved", ...endOf(step.query(statements.end([{ id }], db))[0]) };
    });
}

function endOf(row: { readonly attemptsUsed: number; readonly messages: number } | undefined) {
  if (!row) throw new Error("a verification that was approved is not there");
  return row;
}

function isLive(now: number) {
  return (eb: ExpressionBuilder<Schema, "verifications">) =>
    eb.and([
      eb("outcome", "=", "open"),
      eb("attempts_used", "<", eb.ref("attempts_allowed")),
      eb("expires_at", ">", now),
    ]);
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
