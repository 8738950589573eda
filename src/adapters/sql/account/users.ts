import type { Kysely } from "kysely";
import type { User, UserStore } from "../../../core/account/ports.ts";
import type { SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import type { Schema } from "../tables/schema.ts";
import { userOf } from "./account-rows.ts";
import { createEnter } from "./enter.ts";
import { createSignIn, createSignInKnown } from "./sign-in.ts";
import { findUserRow, findUserRowByTag } from "./user-rows.ts";

export function createUserStore(database: SqlDatabase, tagKey: TagKey): UserStore {
  const { db, transaction } = database;
  return {
    find: (id) => findUser(db, id),

    async findByTag(tag) {
      const row = await findUserRowByTag(db, tagKey, tag);
      return row && userOf(row);
    },

    update: (id, { name, avatar }, now) =>
      transaction(async (trx) => {
        await trx
          .updateTable("users")
          .set({
            ...(name !== undefined && { name }),
            ...(avatar !== undefined && { avatar }),
            updated_at: now,
          })
          .where("id", "=", id)
          .execute();
        return await findUser(trx, id);
      }),

    signIn: createSignIn(database, tagKey),
    enter: createEnter(database, tagKey),
    signInKnown: createSignInKnown(database, tagKey),
  };
}

async function findUser(db: Kysely<Schema>, id: string): Promise<User | undefined> {
  const row = await findUserRow(db, id);
  return row && userOf(row);
}
