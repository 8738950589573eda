import type { Kysely } from "kysely";
import type { SignInDraft } from "../../../core/account/ports.ts";
import { addEvents } from "../events.ts";
import type { Schema, UserRow } from "../tables/schema.ts";
import { endSessionsOf } from "./session-ends.ts";

/** The migration since which the last use of each user is recorded. */
const NOTED_SINCE = 10;

/**
 * Takes the number from those of these users whose number may belong to somebody else now. Returns whether there was
 * any.
 */
export async function releaseUnused(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  found: readonly UserRow[],
  now: number,
): Promise<boolean> {
  let released = false;
  for (const user of found) {
    const own = drafts.filter((draft) => draft.user.phoneTag === user.phone_tag);
    if (!(await isUnused(trx, own, user, now))) continue;
    await release(trx, user, now);
    released = true;
  }
  return released;
}

/** Whether nobody used this user since the time that every one of these sign-ins to them names. */
export async function isUnused(
  trx: Kysely<Schema>,
  own: readonly SignInDraft[],
  user: UserRow,
  now: number,
): Promise<boolean> {
  if (!own.every((draft) => mayRelease(draft, user))) return false;
  const last = (await usedAt(trx, user)) ?? now;
  return own.every(({ unusedSince }) => unusedSince !== undefined && last < unusedSince);
}

function mayRelease({ user, unusedSince, sparesProtected }: SignInDraft, row: UserRow): boolean {
  const isSpared = sparesProtected && row.login_protection !== null;
  return unusedSince !== undefined && user.id !== row.id && !isSpared;
}

/**
 * When a user was last used. For a user without a recorded use, the time of the migration that added the record counts.
 */
export async function usedAt(
  db: Kysely<Schema>,
  { last_used_at }: Pick<UserRow, "last_used_at">,
): Promise<number | undefined> {
  if (last_used_at !== null) return last_used_at;
  const query = db.selectFrom("migrations").select("applied_at").where("id", "=", NOTED_SINCE);
  return (await query.executeTakeFirst())?.applied_at;
}

/** Whether this user's number is with somebody else. */
export function isReleased({ sealed_phone }: Pick<UserRow, "sealed_phone">): boolean {
  return sealed_phone === "";
}

/** The replacement for the tag cannot match any tag: no key has this name, and it is unique for each user. */
async function release(
  trx: Kysely<Schema>,
  { id: userId, device_epoch }: UserRow,
  now: number,
): Promise<void> {
  await trx
    .updateTable("users")
    .set({
      phone_tag: `none.${userId}`,
      sealed_phone: "",
      device_epoch: device_epoch + 1,
      updated_at: now,
    })
    .where("id", "=", userId)
    .execute();
  await endSessionsOf(trx, [userId], now);
  await trx.deleteFrom("notices").where("user_id", "=", userId).execute();
  await addEvents(trx, { type: "number_released", userId, at: now });
}
