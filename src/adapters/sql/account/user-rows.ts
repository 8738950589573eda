import type { Kysely } from "kysely";
import type { TagKey } from "../keys/tag-key.ts";
import type { Schema, UserRow } from "../tables/schema.ts";

export async function findUserRow(db: Kysely<Schema>, id: string): Promise<UserRow | undefined> {
  return await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The user with this phone, in one statement that also sees to its tag. Rejects with `StaleKeyError`. */
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
 * Whether the user has the phone still that they were found by, asked where their row is locked. Rejects with `StaleKeyError`
 * where a retag gave it another tag.
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
