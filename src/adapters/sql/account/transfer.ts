import type { Kysely } from "kysely";
import type { User } from "../../../core/account/ports.ts";
import type { UserTransferStore } from "../../../core/transfer/ports.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import type { Schema } from "../tables/schema.ts";
import { userOf, userValues } from "./account-rows.ts";
import { endSessionsOf } from "./session-ends.ts";

export function createUserTransferStore({ db, transaction }: SqlDatabase, tagKey: TagKey): UserTransferStore {
  return {
    async count() {
      const { count } = await db
        .selectFrom("users")
        .select((eb) => eb.fn.countAll().as("count"))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async page(after, limit) {
      // A user who lost their number cannot be moved: nothing at the other end would find them.
      let query = db.selectFrom("users").selectAll().where("sealed_phone", "!=", "");
      if (after !== undefined) query = query.where("id", ">", after);
      const page = await query.orderBy("id").limit(rowCount(limit)).execute();
      return page.map(userOf);
    },

    async taken(ids, tags) {
      const found = [...(await takenBy(db, "id", ids)), ...(await takenBy(db, "phone_tag", tags))];
      return found.map(({ id, phone_tag }) => ({ id, phoneTag: phone_tag }));
    },

    add: (users, now) =>
      transaction(async (trx) => {
        const [first] = users;
        if (!first) return new Set<string>();
        await tagKey.assertCurrent(trx, first.phoneTag);
        await ifAbsent(trx.insertInto("users").values(users.map((user) => userValues(user, now)))).execute();
        const added = await addedOf(trx, users);
        if (added.length > 0) await endSessionsOf(trx, added, now);
        return new Set(added);
      }),
  };
}

/** Two queries: one with OR would use no index on MySQL 5.7. */
async function takenBy(db: Kysely<Schema>, column: "id" | "phone_tag", values: readonly string[]) {
  if (values.length === 0) return [];
  return await db.selectFrom("users").select(["id", "phone_tag"]).where(column, "in", values).execute();
}

/** Every sealing contains its own random part, so a row with exactly that text is the one that was just added. */
async function addedOf(trx: Kysely<Schema>, users: readonly User[]): Promise<string[]> {
  const ids = users.map(({ id }) => id);
  const found = await trx.selectFrom("users").select(["id", "sealed_phone"]).where("id", "in", ids).execute();
  const sealed = new Map(found.map((row) => [row.id, row.sealed_phone]));
  return users.filter((user) => sealed.get(user.id) === user.sealedPhone).map(({ id }) => id);
}
