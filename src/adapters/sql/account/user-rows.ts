import type { Kysely } from "kysely";
import type { TagKey } from "../keys/tag-key.ts";
import type { Schema, UserRow } from "../tables/schema.ts";

export async function findUserRow(db: Kysely<Schema>, id: string): Promise<UserRow | undefined> {
  return await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Locks the user's row first, so that concurrent changes of the user's number, factors or sessions wait here. */
export async function lockUser(trx: Kysely<Schema>, userId: string): Promise<UserRow | undefined> {
  return await trx.selectFrom("users").selectAll().where("id", "=", userId).forUpdate().executeTakeFirst();
}

/** Makes the user's device tokens void, in the caller's transaction: each names the epoch that it was made in. */
export async function voidDevices(trx: Kysely<Schema>, userId: string, now: number): Promise<void> {
  await trx
    .updateTable("users")
    .set((eb) => ({ device_epoch: eb("device_epoch", "+", 1), updated_at: now }))
    .where("id", "=", userId)
    .execute();
}

/** The user with this phone. The same statement checks that the tag's key is current. Rejects with `StaleKeyError`. */
export async function findUserRowByTag(
  db: Kysely<Schema>,
  tagKey: TagKey,
  tag: string,
): Promise<UserRow | undefined> {
  const found = await db
    .selectFrom("keys")
    .leftJoin("users", (join) => join.on("users.phone_tag", "=", tag))
    .selectAll("users")
    .where(tagKey.current(tag))
    .executeTakeFirst();
  if (!found) return tagKey.stale();
  return found.id === null ? undefined : (found as UserRow);
}

/**
 * Whether the user still has the phone that they were found by. The caller has locked their row. Rejects with
 * `StaleKeyError` if a retag gave the phone another tag.
 */
export async function hasStill(
  trx: Kysely<Schema>,
  tagKey: TagKey,
  { phone_tag }: Pick<UserRow, "phone_tag">,
  tag: string,
): Promise<boolean> {
  if (phone_tag === tag) return true;
  await tagKey.assertCurrent(trx, tag);
  return false;
}
