import type { ReplyStore } from "../../../core/delivery/receipt-ports.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";

export function createReplyStore({ db }: SqlDatabase): ReplyStore {
  return {
    async wasSentTo(tags) {
      const row = await db
        .selectFrom("messages")
        .select("id")
        .where("phone_tag", "in", tags)
        .executeTakeFirst();
      return row !== undefined;
    },

    async keepReply({ id, phoneTag, sealedPhone, sealedText, at }) {
      const row = { id, phone_tag: phoneTag, sealed_phone: sealedPhone, sealed_text: sealedText, at };
      await ifAbsent(db.insertInto("replies").values(row)).execute();
    },

    async optOut({ id, phoneTag, sealedPhone, at }) {
      const row = { id, phone_tag: phoneTag, sealed_phone: sealedPhone, at };
      await ifAbsent(db.insertInto("opt_outs").values(row)).execute();
      // An erasure leaves opt-outs without their phone. The number's present holder takes such a row over.
      await db
        .updateTable("opt_outs")
        .set(row)
        .where("phone_tag", "=", phoneTag)
        .where("sealed_phone", "=", "")
        .execute();
    },

    async isOptedOut(tags) {
      const row = await db
        .selectFrom("opt_outs")
        .select("id")
        .where("phone_tag", "in", tags)
        .executeTakeFirst();
      return row !== undefined;
    },

    async repliesOf(tags, limit) {
      const query = db.selectFrom("replies").selectAll().where("phone_tag", "in", tags);
      const found = await query.orderBy("at", "desc").limit(rowCount(limit)).execute();
      return found.map(({ id, phone_tag, sealed_phone, sealed_text, at }) => {
        return { id, phoneTag: phone_tag, sealedPhone: sealed_phone, sealedText: sealed_text, at };
      });
    },
  };
}
