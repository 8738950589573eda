import type { Kysely } from "kysely";
import type { Ledger, WrongGuess } from "../../../core/protection/budgets/ports.ts";
import type { Bucket } from "../../../core/protection/limits/ports.ts";
import type { SqlDatabase } from "../database.ts";
import type { KeyedRow, TagKey } from "../keys/tag-key.ts";
import { coalesce } from "../statements/coalesce.ts";
import { reusable } from "../statements/reusable.ts";
import type { Schema } from "../tables/schema.ts";

/** Takes the place of a tag if something counts for every phone. A real tag always contains a full stop. */
export const EVERY_PHONE = "*";

const BUCKETS: readonly Bucket[] = ["stranger", "device"];

/** The durable ledger of wrong guesses. */
export function createLedger(database: SqlDatabase, tagKey: TagKey): Ledger {
  const { db } = database;
  return {
    read: createRead(database, tagKey),

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

/** Concurrent reads are one statement. */
function createRead({ db }: SqlDatabase, tagKey: TagKey): Ledger["read"] {
  const find = reusable((rows: readonly WantedRow[]) => finding(db, rows, tagKey));
  const read = coalesce(async (wanted: readonly Wanted[]) => {
    const since = Math.min(...wanted.map((each) => each.since));
    const rows = wanted.flatMap(({ tags }) =>
      tags.map((tag) => ({ tag, since, ...tagKey.keyed(tags[0] ?? "") })),
    );
    const found = await find(db, rows);
    return wanted.map((each) => foundFor(each, found.rows, tagKey));
  });
  return async (tags, bucket, since) => {
    const guesses = tags.length > 0 && (await read({ tags, bucket, since }));
    return guesses || tagKey.stale();
  };
}

interface Wanted {
  readonly tags: readonly string[];
  readonly bucket: Bucket;
  readonly since: number;
}

interface WantedRow extends KeyedRow {
  readonly tag: string;
  readonly since: number;
}

/** Returns every wrong guess once for each key in use. If there is no wrong guess, it returns each key alone. */
function finding(db: Kysely<Schema>, rows: readonly WantedRow[], tagKey: TagKey) {
  const tags = rows.map(({ tag }) => tag);
  return db
    .selectFrom("keys")
    .leftJoin("failures", (join) =>
      join
        .on("failures.phone_tag", "in", [...tags, EVERY_PHONE])
        .on("failures.bucket", "in", BUCKETS)
        .on("failures.at", ">", rows[0]?.since ?? 0),
    )
    .select(["keys.id as key_id", "phone_tag", "bucket", "at", "code_length"])
    .where(tagKey.currentAmong(rows))
    .orderBy("at");
}

type Found = Awaited<ReturnType<ReturnType<typeof finding>["execute"]>>;

/** Undefined if the key of the tags is no longer in use. */
function foundFor({ tags, bucket, since }: Wanted, found: Found, tagKey: TagKey): WrongGuess[] | undefined {
  const { keyId } = tagKey.keyed(tags[0] ?? "");
  const own = found.filter(({ key_id }) => key_id === keyId);
  if (own.length === 0) return undefined;
  const isTheirs = (tag: string) => tag === EVERY_PHONE || tags.includes(tag);
  return own.flatMap((row) => {
    if (row.phone_tag === null || row.at === null || row.code_length === null) return [];
    const counts = isTheirs(row.phone_tag) && row.bucket === bucket && row.at > since;
    return counts ? [{ at: row.at, codeLength: row.code_length }] : [];
  });
}
