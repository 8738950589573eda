import type { InvitationStore } from "../../../core/account/invitation-ports.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";

export function createInvitationStore({ db, transaction }: SqlDatabase, tagKey: TagKey): InvitationStore {
  return {
    add: ({ id, phoneTag, sealedPhone, at }) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, phoneTag);
        const row = { id, phone_tag: phoneTag, sealed_phone: sealedPhone, at };
        await ifAbsent(trx.insertInto("invitations").values(row)).execute();
        const found = await trx
          .selectFrom("invitations")
          .select("id")
          .where("id", "=", id)
          .executeTakeFirst();
        return found !== undefined;
      }),

    async remove(tags) {
      const { numDeletedRows } = await db
        .deleteFrom("invitations")
        .where("phone_tag", "in", tags)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },

    async has(tags) {
      const query = db.selectFrom("invitations").select("id").where("phone_tag", "in", tags);
      return (await query.executeTakeFirst()) !== undefined;
    },

    async page(after, limit) {
      const query = db.selectFrom("invitations").selectAll().where("id", ">", after);
      const page = await query.orderBy("id").limit(rowCount(limit)).execute();
      return page.map(({ id, phone_tag, sealed_phone, at }) => {
        return { id, phoneTag: phone_tag, sealedPhone: sealed_phone, at };
      });
    },
  };
}
