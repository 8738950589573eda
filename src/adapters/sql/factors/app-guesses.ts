import type { Kysely } from "kysely";
import type { AppGuess, AppGuessOutcome } from "../../../core/account/factors/ports.ts";
import { lockUser } from "../account/user-rows.ts";
import type { Schema } from "../tables/schema.ts";

/** Checks that the budget has room. Uses up the step of a right code, or records a wrong one. */
export async function guessApp(
  trx: Kysely<Schema>,
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

/** A step that is not newer than the last one was already used or passed over (RFC 6238, section 5.2). */
async function useStep(
  trx: Kysely<Schema>,
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
