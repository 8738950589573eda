import type { Ledger } from "../../core/protection/ports.ts";
import type { SqlDatabase } from "./database.ts";
import type { TagKey } from "./tag-key.ts";

/** The durable ledger of wrong guesses. */
export function createLedger({ db, transaction }: SqlDatabase, tagKey: TagKey): Ledger {
  return {
    async read(tags, bucket, since) {
      const [current] = tags;
      if (current === undefined) return tagKey.stale();
      const found = await db
        .selectFrom("keys")
        .leftJoin("failures", (join) =>
          join
            .on("failures.phone_tag", "in", tags)
            .on("failures.bucket", "=", bucket)
            .on("failures.at", ">", since),
        )
        .select(["failures.at", "failures.code_length"])
        .where(tagKey.current(current))
        .orderBy("failures.at")
        .execute();
      if (found.length === 0) return tagKey.stale();
      return found.flatMap(({ at, code_length }) =>
        at === null || code_length === null ? [] : [{ at, codeLength: code_length }],
      );
    },

    record: (id, tag, bucket, { at, codeLength }) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, tag);
        await trx
          .insertInto("failures")
          .values({ id, phone_tag: tag, bucket, at, code_length: codeLength })
          .execute();
      }),
  };
}
