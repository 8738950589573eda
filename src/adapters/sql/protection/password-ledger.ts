import type { PasswordLedger } from "../../../core/password/ports.ts";
import type { SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { lockName } from "../locks.ts";

/** Stands in the place of a code's length. */
const NO_CODE = 0;

/** The durable ledger of wrong passwords: rows beside those of wrong codes, in buckets of its own. */
export function createPasswordLedger({ db, transaction }: SqlDatabase, tagKey: TagKey): PasswordLedger {
  return {
    attempt: ({ id, tags, bucket, at }, since, judge) =>
      transaction(async (trx) => {
        const [current] = tags;
        await tagKey.assertCurrent(trx, current);
        await lockName(trx, `${bucket}:${current}`, at);
        const earlier = await trx
          .selectFrom("failures")
          .select("at")
          .where("phone_tag", "in", tags)
          .where("bucket", "=", bucket)
          .where("at", ">", since)
          .orderBy("at")
          .execute();
        const verdict = judge(earlier.map((row) => row.at));
        if (!verdict.ok) return verdict;
        await trx
          .insertInto("failures")
          .values({ id, phone_tag: current, bucket, at, code_length: NO_CODE })
          .execute();
        return verdict;
      }),

    async takeBack(id) {
      await db.deleteFrom("failures").where("id", "=", id).execute();
    },
  };
}
