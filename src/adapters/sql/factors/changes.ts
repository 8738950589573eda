import type { Kysely } from "kysely";
import type { Changer, Factor } from "../../../core/account/factors/ports.ts";
import type { Notice } from "../../../core/notices/ports.ts";
import { lockLive } from "../account/session-ends.ts";
import { lockUser } from "../account/user-rows.ts";
import { addNotices } from "../delivery/notice-rows.ts";
import { addEvents } from "../events.ts";
import type { Schema } from "../tables/schema.ts";
import { factorOf } from "./rows.ts";

/** The user, if the session is live. A caller that ends the session waits for this lock, or came first. */
export async function lockChanger(trx: Kysely<Schema>, { userId, sessionId }: Changer, now: number) {
  const user = await lockUser(trx, userId);
  return user && (await lockLive(trx, sessionId, now)) ? user : undefined;
}

/** Records what happened: as a notice for the user, and in the audit trail. */
export async function tell(
  trx: Kysely<Schema>,
  type: "factor_added" | "factor_removed" | "protection_off" | "recovery_code_used",
  notice: Notice,
): Promise<void> {
  await addEvents(trx, { type, userId: notice.userId, at: notice.createdAt });
  await addNotices(trx, notice);
}

/** The user's factors that count, oldest first. */
export async function listFactors(db: Kysely<Schema>, userId: string): Promise<readonly Factor[]> {
  const rows = await db
    .selectFrom("factors")
    .selectAll()
    .where("user_id", "=", userId)
    .where("confirmed_at", "is not", null)
    .orderBy("created_at")
    .execute();
  return rows.map(factorOf);
}
