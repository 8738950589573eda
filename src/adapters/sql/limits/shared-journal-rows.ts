import type { Kysely } from "kysely";
import { ifAbsent, rowCount } from "../database.ts";
import { reusable } from "../statements/reusable.ts";
import type { Schema } from "../tables/schema.ts";

/** What a row is known by. */
export interface Mark {
  readonly id: number;
  readonly at: number;
}

interface JournalRow extends Mark {
  readonly entry: string;
}

interface NewRow {
  readonly at: number;
  readonly matters_until: number;
  readonly entry: string;
}

/** The row that a process followed last is missing: it is of another history, before a failover, or was swept since. */
export class OtherHistory extends Error {
  constructor() {
    super("the journal of limits does not have the row that was read last");
  }
}

/** Rows that are read, and followed, without giving way. */
export const PAGE = 250;

/** The row of `limits` that says whose turn it is. */
const TURN = { limit_key: "limit-journal", touched_at: Number.MAX_SAFE_INTEGER };

interface Appended extends NewRow {
  readonly id: number;
  readonly lastId: number;
  readonly lastAt: number;
}

/** Statements are built for one row at least. */
const NONE: Appended = { id: 0, at: 0, matters_until: 0, entry: "", lastId: 0, lastAt: 0 };

const insertAfter = (waits: boolean) =>
  reusable(([row = NONE]: readonly Appended[], db) =>
    db
      .insertInto("limit_journal")
      .columns(["id", "at", "matters_until", "entry"])
      .expression((eb) =>
        eb
          .selectFrom("limits")
          .select(({ fn, selectFrom, val }) => [
            // If others have written since, this is the newest id. It is taken, so the insert fails. `row.id` alone may
            // be free again, because rows are swept.
            fn("greatest", [
              val(row.id),
              selectFrom("limit_journal as newest").select(({ fn }) => fn.max("newest.id").as("id")),
            ]).as("id"),
            val(row.at).as("at"),
            val(row.matters_until).as("matters_until"),
            val(row.entry).as("entry"),
          ])
          .where("limit_key", "=", TURN.limit_key)
          .where(({ exists, selectFrom }) =>
            exists(
              selectFrom("limit_journal as last")
                .select("last.id")
                .where("last.id", "=", row.lastId)
                .where("last.at", "=", row.lastAt),
            ),
          )
          .$if(waits, (select) => select.forUpdate()),
      ),
  );
const INSERT = { inTurn: insertAfter(true), atOnce: insertAfter(false) };

/**
 * Writes the row after this one.
 *
 * @param waits whether to wait for the caller's turn
 * @throws the server's error for a duplicate if that row exists already, `OtherHistory` if this one is missing
 */
export async function append(
  db: Kysely<Schema>,
  last: Mark,
  row: NewRow,
  { waits }: { readonly waits: boolean },
): Promise<Mark> {
  const mark = { id: last.id + 1, at: row.at };
  const insert = waits ? INSERT.inTurn : INSERT.atOnce;
  const { numAffectedRows } = await insert(db, [{ ...row, ...mark, lastId: last.id, lastAt: last.at }]);
  if (numAffectedRows !== 1n) throw new OtherHistory();
  return mark;
}

/** Until the transaction ends nobody else writes. */
export async function lockTurn(trx: Kysely<Schema>): Promise<void> {
  await trx
    .selectFrom("limits")
    .select("limit_key")
    .where("limit_key", "=", TURN.limit_key)
    .forUpdate()
    .execute();
}

const selectOnward = reusable(([{ id } = { id: 0 }]: readonly { readonly id: number }[], db) =>
  db
    .selectFrom("limit_journal")
    .select(({ eb }) => [
      "id",
      "at",
      // What is known need not be sent again.
      eb.case().when("id", "=", id).then("").else(eb.ref("entry")).end().as("entry"),
    ])
    .where("id", ">=", id)
    .orderBy("id")
    .limit(rowCount(PAGE + 1)),
);

/**
 * The rows after this one, a page of them.
 *
 * @throws OtherHistory if this one is missing
 */
export async function readFrom(db: Kysely<Schema>, last: Mark): Promise<readonly JournalRow[]> {
  const [known, ...news] = (await selectOnward(db, [{ id: last.id }])).rows;
  if (known?.id !== last.id || known.at !== last.at) throw new OtherHistory();
  return news;
}

/**
 * A page of the rows after one and up to another. Rows that no longer matter after `since` come without their text, and
 * are not filtered out: a statement that searches for the others could take too long.
 */
export async function readMattering(
  db: Kysely<Schema>,
  after: number,
  upTo: number,
  since: number,
): Promise<readonly (Mark & { readonly entry: string | null })[]> {
  return await db
    .selectFrom("limit_journal")
    .select(({ eb }) => [
      "id",
      "at",
      eb.case().when("matters_until", ">", since).then(eb.ref("entry")).end().as("entry"),
    ])
    .where("id", ">", after)
    .where("id", "<=", upTo)
    .orderBy("id")
    .limit(rowCount(PAGE))
    .execute();
}

async function lastRow(db: Kysely<Schema>): Promise<Mark | undefined> {
  return await db
    .selectFrom("limit_journal")
    .select(["id", "at"])
    .where("id", ">", 0)
    .orderBy("id", "desc")
    .limit(rowCount(1))
    .executeTakeFirst();
}

/**
 * Makes the row that says whose turn it is. An empty journal begins with an empty row, so that the next one has a
 * predecessor.
 */
export async function begin(db: Kysely<Schema>): Promise<Mark> {
  // A read, because a write waits for whoever's turn it is.
  const turns = db.selectFrom("limits").select("limit_key").where("limit_key", "=", TURN.limit_key);
  if (!(await turns.executeTakeFirst())) await ifAbsent(db.insertInto("limits").values(TURN)).execute();
  const last = await lastRow(db);
  if (last) return last;
  const first = { id: 1, at: Number.MAX_SAFE_INTEGER };
  await ifAbsent(
    db.insertInto("limit_journal").values({ ...first, matters_until: 0, entry: "[]" }),
  ).execute();
  return first;
}

/** Deletes rows that tell of nothing at or after `before`, but not the last row, which the next one must follow. */
export async function deleteOld(db: Kysely<Schema>, before: number, limit: number): Promise<number> {
  const last = await lastRow(db);
  if (!last) return 0;
  const old = await db
    .selectFrom("limit_journal")
    .select("id")
    .where("at", "<", before)
    .where("id", "<", last.id)
    .orderBy("at")
    .limit(rowCount(limit))
    .execute();
  if (old.length === 0) return 0;
  const ids = old.map(({ id }) => id);
  const { numDeletedRows } = await db
    .deleteFrom("limit_journal")
    .where("id", "in", ids)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
