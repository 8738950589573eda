import { setImmediate } from "node:timers/promises";
import type { Compilable, CompiledQuery, Kysely } from "kysely";
import type { Books } from "../../../core/protection/limits/counts/books.ts";
import { type Change, NO_CHANGE } from "../../../core/protection/limits/counts/change.ts";
import { putBack } from "../../../core/protection/limits/counts/give-back.ts";
import type { Sum } from "../../../core/protection/limits/ports.ts";
import { slotMs } from "../../../core/protection/limits/sums.ts";
import { rowCount, type SqlDatabase, type Steps } from "../database.ts";
import type { Schema } from "../tables/schema.ts";
import type { Portion } from "./journal.ts";
import type { OldLimits } from "./shared-journal.ts";

/** Rows that are moved without giving way. */
const PORTION = 1_000;

type Db = Kysely<Schema>;

/** Moves a portion of one table; does nothing if the table is empty. */
interface Move {
  readonly find: (db: Db) => CompiledQuery<unknown>;
  /** The move of the rows that were found. */
  readonly moved: (found: readonly unknown[], db: Db, books: Books) => Moved;
}

interface Moved {
  readonly remove: CompiledQuery<unknown>;
  readonly change: Change;
}

function move<R>(
  find: (db: Db) => Compilable<R>,
  remove: (db: Db, found: readonly R[]) => Compilable<unknown>,
  changeBy: (found: readonly R[], books: Books) => Change,
): Move {
  return {
    find: (db) => find(db).compile(),
    // What `find` found.
    moved: (found, db, books) => {
      const own = found as readonly R[];
      return { remove: remove(db, own).compile(), change: changeBy(own, books) };
    },
  };
}

/** The marks of what was seeded come last, so that an import that was killed half-way does not count as complete. */
const MOVES: readonly Move[] = [
  move(
    (db) =>
      db
        .selectFrom("limit_events")
        .select(["id", "limit_key as key", "member", "at"])
        .where("id", ">", 0)
        .orderBy("id")
        .limit(rowCount(PORTION))
        .forUpdate(),
    (db, found) => db.deleteFrom("limit_events").where("id", "in", idsOf(found)),
    (events, books) => putBack(books, { events }),
  ),
  move(
    (db) =>
      db
        .selectFrom("limit_leases")
        .select(["id", "limit_key as key", "member", "amount", "ends_at as endsAt"])
        .where("id", ">", 0)
        .orderBy("id")
        .limit(rowCount(PORTION))
        .forUpdate(),
    (db, found) => db.deleteFrom("limit_leases").where("id", "in", idsOf(found)),
    (found) => ({ ...NO_CHANGE, leases: found.map(({ id: _, ...lease }) => lease) }),
  ),
  // All rows at once, because a sum consists of all its parts. There are as many as there are budgets.
  move(
    (db) =>
      db
        .selectFrom("limit_sums")
        .select(["id", "limit_key as name", "slot", "amount"])
        .where("id", ">", 0)
        .orderBy("id")
        .forUpdate(),
    (db, found) => db.deleteFrom("limit_sums").where("id", "in", idsOf(found)),
    (found, books) => putBack(books, { events: [], sums: sumsOf(found) }),
  ),
  move(
    (db) => db.selectFrom("limit_seeds").select("epoch").where("epoch", ">", "").orderBy("epoch").forUpdate(),
    (db, found) =>
      db.deleteFrom("limit_seeds").where(
        "epoch",
        "in",
        found.map(({ epoch }) => epoch),
      ),
    (found) => ({ ...NO_CHANGE, seeds: found.map(({ epoch }) => ({ epoch, isSeeded: true })) }),
  ),
];

function idsOf(found: readonly { readonly id: number }[]): readonly number[] {
  return found.map(({ id }) => id);
}

interface SumRow {
  /** Its key, `/`, its window, and `#` and its part if it is split. */
  readonly name: string;
  readonly slot: number;
  readonly amount: number;
}

function sumsOf(found: readonly SumRow[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const { name, slot, amount } of found) {
    const [, key = "", window = ""] = /^(.*)\/(\d+)(?:#\d+)?$/.exec(name) ?? [];
    const windowMs = Number(window);
    const id = `${key}/${window}/${slot}`;
    const at = slot * slotMs(windowMs);
    sums.set(id, { key, windowMs, at, amount: amount + (sums.get(id)?.amount ?? 0) });
  }
  return [...sums.values()];
}

/**
 * Moves what an earlier version counted in tables into the journal, and counts none of it twice. That version then
 * finds its tables empty. If it runs again, it fills them from the record of messages, as after a loss; and so on.
 */
export async function moveOldLimits(
  { db, steps }: { readonly db: Db; readonly steps: Steps },
  write: (portion: Portion) => Promise<void>,
): Promise<void> {
  for (const { find, moved } of MOVES) {
    const found = find(db);
    while (await steps.read((step) => step.query(found).length > 0)) {
      await write((books, step) => {
        const { remove, change } = moved(step.query(found), db, books);
        step.execute(remove);
        return change;
      });
      await setImmediate();
    }
  }
}

/** The counts in the tables of an earlier version, which may still run beside this one and go on counting there. */
export function createOldLimits({ db }: Pick<SqlDatabase, "db">): OldLimits {
  const isLeft = async ({ find }: Move) => (await db.executeQuery(find(db))).rows.length > 0;
  return {
    async areLeft() {
      for (const each of MOVES) if (await isLeft(each)) return true;
      return false;
    },

    async move(write) {
      for (const each of MOVES) {
        while (await isLeft(each)) {
          await write(async (books, trx) => {
            const found = (await trx.executeQuery(each.find(trx))).rows;
            if (found.length === 0) return NO_CHANGE;
            const { remove, change } = each.moved(found, trx, books);
            await trx.executeQuery(remove);
            return change;
          });
        }
      }
    },
  };
}
