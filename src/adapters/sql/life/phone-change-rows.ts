import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { addEvents } from "../events.ts";
import type { Schema } from "../tables/schema.ts";

/**
 * Takes back the changes of number that were asked for in sessions which are ended against their holder. Otherwise a
 * thief who was thrown out would have the account a day later. Signing out takes back no change. Callers have locked
 * the user's row.
 */
export async function forgetChanges(
  trx: Kysely<Schema>,
  now: number,
  which: (eb: ExpressionBuilder<Schema, "phone_changes">) => Expression<SqlBool>,
): Promise<void> {
  const changes = await trx.selectFrom("phone_changes").select(["id", "user_id"]).where(which).execute();
  for (const { id, user_id: userId } of changes) {
    await trx.deleteFrom("phone_changes").where("id", "=", id).execute();
    await addEvents(trx, { type: "phone_change_canceled", userId, at: now });
  }
}
