import type { Kysely } from "kysely";
import type { Schema, UserRow } from "./schema.ts";
import type { TagKey } from "./tag-key.ts";

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
