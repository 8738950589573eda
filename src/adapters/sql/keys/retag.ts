import type { Kysely } from "kysely";
import type { RetagBatch, Retagged } from "../../../core/keys.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import type { Schema } from "../tables/schema.ts";

/** The tables that hold the sealed phone itself, from which its new tag can be made. */
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

/** How many rows have a tag of this key, to show progress. Remains of erasures count, although they keep their tag. */
export async function countToRetag({ db }: SqlDatabase, keyId: string): Promise<number> {
  let sum = 0;
  for (const table of SEALED) {
    const { count } = await db
      .selectFrom(table as "users")
      .select((eb) => eb.fn.countAll().as("count"))
      .where("phone_tag", ">=", `${keyId}.`)
      .where("phone_tag", "<", afterPrefix(keyId))
      .executeTakeFirstOrThrow();
    sum += Number(count);
  }
  return sum;
}

/**
 * Gives the next phones that are still tagged under an old key their new tag, in every table, in one transaction. Rows
 * that are done no longer match, so a retag that was killed goes on where it stopped. The old key must have been
 * retired before, so that nothing is written under it meanwhile.
 */
export async function retagBatch(database: SqlDatabase, batch: RetagBatch): Promise<Retagged> {
  const { db } = database;
  let found: Awaited<ReturnType<typeof findTagged>> = [];
  for (const table of SEALED) if (found.length === 0) found = await findTagged(db, table, batch);
  const tags = new Map<string, string>();
  for (const { id, phone_tag, sealed_phone } of found) {
    if (!tags.has(phone_tag)) tags.set(phone_tag, await batch.newTag(sealed_phone, id));
  }
  const changed = await database.transaction(async (trx) => {
    let sum = 0;
    for (const [from, to] of tags) sum += await replaceTag(trx, from, to);
    return sum;
  });
  return { phones: tags.size, rows: changed };
}

function findTagged(
  db: Kysely<Schema>,
  table: (typeof SEALED)[number],
  { oldKeyId, limit }: RetagBatch,
): Promise<{ id: string; phone_tag: string; sealed_phone: string }[]> {
  return (
    db
      .selectFrom(table as "users")
      .select(["id", "phone_tag", "sealed_phone"])
      .where("phone_tag", ">=", `${oldKeyId}.`)
      .where("phone_tag", "<", afterPrefix(oldKeyId))
      // Remains of an erasure have no number to make a new tag of. They keep the old tag until they are swept.
      .where("sealed_phone", "!=", "")
      .orderBy("phone_tag")
      .limit(rowCount(limit))
      .execute()
  );
}

/**
 * Remains of an erasure keep the old tag, by which `erasures` knows them, even if the number has a new account.
 *
 * @returns how many rows changed of those that `countToRetag` counts
 */
async function replaceTag(trx: Kysely<Schema>, from: string, to: string): Promise<number> {
  let changed = 0;
  for (const table of SEALED) {
    const { numUpdatedRows } = await trx
      .updateTable(table as "users")
      .set({ phone_tag: to })
      .where("phone_tag", "=", from)
      .where("sealed_phone", "!=", "")
      .executeTakeFirstOrThrow();
    changed += Number(numUpdatedRows);
  }
  await trx.updateTable("failures").set({ phone_tag: to }).where("phone_tag", "=", from).execute();
  return changed;
}

/** The first text after all that begin with `<key id>.`: a slash follows the full stop in ASCII. */
function afterPrefix(keyId: string): string {
  return `${keyId}/`;
}
