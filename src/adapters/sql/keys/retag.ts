import type { Kysely } from "kysely";
import { rows, type SqlDatabase } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

export interface RetagOptions {
  /** The tag key that was retired. */
  readonly fromKeyId: string;
  /** Rows to read at a time; a batch is one transaction. */
  readonly limit: number;
  /** The phone's tag under the new key. Rejects when the sealed phone does not open for its row. */
  readonly newTag: (sealedPhone: string, rowId: string) => Promise<string>;
}

export interface RetagBatch {
  /** How many phones got their new tag. */
  readonly phones: number;
  /** True when nothing is left under the old key. */
  readonly done: boolean;
}

/** The tables that have the phone itself, sealed, so that its new tag can be made. */
const SEALED = [
  "users",
  "messages",
  "replies",
  "opt_outs",
  "unlocks",
  "notices",
  "phone_changes",
  "invitations",
] as const;

/** How many rows still have a tag of this key: users, and messages. For showing progress. */
export async function countToRetag(
  { db }: SqlDatabase,
  fromKeyId: string,
): Promise<{ readonly users: number; readonly messages: number }> {
  const countIn = async (table: "users" | "messages") => {
    const { count } = await db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll().as("count"))
      .where("phone_tag", ">=", `${fromKeyId}.`)
      .where("phone_tag", "<", afterPrefix(fromKeyId))
      .executeTakeFirstOrThrow();
    return Number(count);
  };
  return { users: await countIn("users"), messages: await countIn("messages") };
}

/**
 * Gives the next phones that are still tagged under an old key their new tag, wherever it stands, in
 * one transaction. What is done no longer matches, so a retag that was killed goes on where it stopped. The old key
 * must have been retired before, so that nothing is written under it meanwhile.
 */
export async function retagBatch(database: SqlDatabase, options: RetagOptions): Promise<RetagBatch> {
  const { db } = database;
  let found: Awaited<ReturnType<typeof findTagged>> = [];
  for (const table of SEALED) if (found.length === 0) found = await findTagged(db, table, options);
  const tags = new Map<string, string>();
  for (const { id, phone_tag, sealed_phone } of found) {
    if (!tags.has(phone_tag)) tags.set(phone_tag, await options.newTag(sealed_phone, id));
  }
  await database.transaction(async (trx) => {
    for (const [from, to] of tags) await replaceTag(trx, from, to);
  });
  return { phones: tags.size, done: tags.size === 0 };
}

function findTagged(
  db: Kysely<Schema>,
  table: (typeof SEALED)[number],
  { fromKeyId, limit }: RetagOptions,
): Promise<{ id: string; phone_tag: string; sealed_phone: string }[]> {
  return (
    db
      .selectFrom(table as "users")
      .select(["id", "phone_tag", "sealed_phone"])
      .where("phone_tag", ">=", `${fromKeyId}.`)
      .where("phone_tag", "<", afterPrefix(fromKeyId))
      // What an erasure left has no number any more to make a new tag of, and stays under the old tag until it is swept.
      .where("sealed_phone", "!=", "")
      .orderBy("phone_tag")
      .limit(rows(limit))
      .execute()
  );
}

/** What an erasure left of the number keeps its old tag, by which `erasures` knows it, also where there is a new account. */
async function replaceTag(trx: Kysely<Schema>, from: string, to: string): Promise<void> {
  for (const table of SEALED) {
    await trx
      .updateTable(table as "users")
      .set({ phone_tag: to })
      .where("phone_tag", "=", from)
      .where("sealed_phone", "!=", "")
      .execute();
  }
  await trx.updateTable("failures").set({ phone_tag: to }).where("phone_tag", "=", from).execute();
}

/** The first text after all that begin with `<key id>.`: a slash follows the full stop in ASCII. */
function afterPrefix(keyId: string): string {
  return `${keyId}/`;
}
