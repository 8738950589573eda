import type { ExpressionBuilder, Kysely } from "kysely";
import { addEvents } from "../events.ts";
import { forgetChanges } from "../life/phone-change-rows.ts";
import type { Schema } from "../tables/schema.ts";

type Expression = ReturnType<ExpressionBuilder<Schema, "sessions">["and"]>;
type Condition = (eb: ExpressionBuilder<Schema, "sessions">) => Expression;

export function isLive(now: number): Condition {
  return (eb) => eb.and([eb("ended_at", "is", null), eb("expires_at", ">", now)]);
}

/** Whether there is a session of this id, open or not. */
export async function isThere(trx: Kysely<Schema>, id: string): Promise<boolean> {
  const found = await trx.selectFrom("sessions").select("id").where("id", "=", id).executeTakeFirst();
  return found !== undefined;
}

/** Whether this session is live. It is locked, so nobody else can end it during the caller's transaction. */
export async function lockLive(trx: Kysely<Schema>, id: string, now: number): Promise<boolean> {
  const live = trx.selectFrom("sessions").select("id").where("id", "=", id).where(isLive(now));
  return (await live.forUpdate().executeTakeFirst()) !== undefined;
}

/**
 * Ends every live session of this user but `keep`, and forgets the changes asked for in them, in the caller's
 * transaction.
 */
export async function endOtherSessionsOf(
  trx: Kysely<Schema>,
  userId: string,
  keep: string,
  now: number,
): Promise<void> {
  await endAllWhere(trx, now, (eb) => eb.and([eb("user_id", "=", userId), eb("id", "!=", keep)]));
  await forgetChanges(trx, now, (eb) => eb.and([eb("user_id", "=", userId), eb("session_id", "!=", keep)]));
}

/** Ends every live session of these users, and forgets the changes asked for in them, in the caller's transaction. */
export async function endSessionsOf(
  trx: Kysely<Schema>,
  userIds: readonly string[],
  now: number,
): Promise<void> {
  await endAllWhere(trx, now, (eb) => eb("user_id", "in", userIds));
  await forgetChanges(trx, now, (eb) => eb("user_id", "in", userIds));
}

/** Ends those of these sessions that are live, in the caller's transaction. */
export async function endSessionsWith(
  trx: Kysely<Schema>,
  ids: readonly string[],
  now: number,
): Promise<void> {
  await endAllWhere(trx, now, (eb) => eb("id", "in", ids));
}

/**
 * A caller that ends one of them at the same time waits for the lock and finds it ended. So it ends once in the trail.
 */
async function endAllWhere(trx: Kysely<Schema>, now: number, which: Condition): Promise<void> {
  const live = await trx
    .selectFrom("sessions")
    .select(["id", "user_id"])
    .where(which)
    .where(isLive(now))
    .forUpdate()
    .execute();
  if (live.length === 0) return;
  const ids = live.map(({ id }) => id);
  await endWhere(trx, now, (eb) => eb("id", "in", ids));
  const ended = live.map(({ id: sessionId, user_id: userId }) => ({ userId, sessionId }));
  await addEvents(trx, ...ended.map((each) => ({ type: "session_ended" as const, ...each, at: now })));
}

/** Ends the live ones of these sessions without an entry in the audit trail. Returns whether there was any. */
export async function endWhere(trx: Kysely<Schema>, now: number, which: Condition): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("sessions")
    .set({ ended_at: now })
    .where(which)
    .where(isLive(now))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
