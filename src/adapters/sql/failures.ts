import type { Ledger } from "../../core/protection/ports.ts";
import type { SqlDatabase } from "./database.ts";
import type { TagKey } from "./tag-key.ts";

/** Stands in the place of a tag where something counts for every phone. No tag is without a full stop. */
export const EVERY_PHONE = "*";

/** The durable ledger of wrong guesses. */
export function createLedger({ db }: SqlDatabase, tagKey: TagKey): Ledger {
  return {
    async read(tags, bucket, since) {
      const [current] = tags;
      if (current === undefined) return tagKey.stale();
      const found = await db
        .selectFrom("keys")
        .leftJoin("failures", (join) =>
          join
            .on("failures.phone_tag", "in", [...tags, EVERY_PHONE])
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

    // One statement, so that a wrong guess costs one way to the database. The key is locked as in `assertCurrent`.
    async record(id, tag, bucket, { at, codeLength }) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("failures")
        .columns(["id", "phone_tag", "bucket", "at", "code_length"])
        .expression((eb) =>
          eb
            .selectFrom("keys")
            .select(({ val }) => [
              val(id).as("id"),
              val(tag).as("phone_tag"),
              val(bucket).as("bucket"),
              val(at).as("at"),
              val(codeLength).as("code_length"),
            ])
            .where(tagKey.current(tag))
            .forShare(),
        )
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) tagKey.stale();
    },
  };
}
