import { setImmediate } from "node:timers/promises";
import type { Kysely } from "kysely";
import {
  apply,
  type Books,
  createBooks,
  sweepBooks,
  tidy,
} from "../../../core/protection/limits/counts/books.ts";
import { NO_CHANGE } from "../../../core/protection/limits/counts/change.ts";
import { changesOf } from "../../../core/protection/limits/counts/entry.ts";
import { SLACK_MS } from "../../../core/protection/limits/counts/events.ts";
import type { SqlDatabase } from "../database.ts";
import { coalesce } from "../statements/coalesce.ts";
import type { Schema } from "../tables/schema.ts";
import { type Decided, type Journal, mattering } from "./journal.ts";
import { begin, deleteOld, OtherHistory, PAGE, readMattering } from "./shared-journal-rows.ts";
import { type Answer, type Asked, createWriter, type Portion, type State } from "./shared-journal-writer.ts";

/** How many are decided on together at most. */
const MOST = 64;

/** What is not in the journal yet. */
export interface OldLimits {
  areLeft(): Promise<boolean>;
  move(write: (portion: Portion) => Promise<void>): Promise<void>;
}

/**
 * The journal of limits that several processes write. The memory of each process decides for all callers of one moment,
 * and the decisions are one row. Its number is the one after the last row that the process has followed. A number is
 * given only once. A process that gets it has decided by everything that was written. A process that does not get it
 * was overtaken: it reads on and decides anew. So a group of takes is one statement as long as nobody else writes. A
 * group that changes nothing, such as refusals, is one read.
 *
 * All processes lock one row to settle who is next: a process that was overtaken locks it before it reads, and then
 * nobody overtakes it. That is for fairness alone: if the holder stands still, the others go on without the lock.
 *
 * @param old is moved after the journal was read and before anything is decided by it, and with each sweep
 */
export function createSharedJournal(
  { db, transaction }: Pick<SqlDatabase, "db" | "transaction">,
  old: OldLimits,
): Journal {
  let state: State | undefined;
  let newest = 0;
  const writer = createWriter({ db, transaction });

  /**
   * If the clock was set back, entries that memory has dropped matter again. The journal still has them, so it is read
   * anew.
   */
  async function stateAt(earliest: number, latest: number): Promise<State> {
    if (earliest > 0 && earliest < newest - SLACK_MS) state = undefined;
    newest = state ? Math.max(newest, latest) : latest;
    if (state) return state;
    const loaded = await replay(db, earliest);
    await old.move((portion) => writer.write(loaded, portion));
    state = loaded;
    return loaded;
  }

  async function serve(group: readonly Asked[]): Promise<readonly Answer[]> {
    const times = group.map(({ now }) => now).filter((now) => now > 0);
    const [earliest, latest] = times.length > 0 ? [Math.min(...times), Math.max(...times)] : [0, 0];
    for (;;) {
      try {
        const known = await stateAt(earliest, latest);
        const answers = await writer.serve(known, group);
        for (let n = 0; n < group.length; n++) tidy(known.books, earliest);
        return answers;
      } catch (error) {
        if (!(error instanceof OtherHistory)) throw error;
        state = undefined;
      }
    }
  }

  const decided = coalesce(serve, { lanes: 1, sizeOf: (waiting) => Math.min(waiting, MOST) });
  const change = async <T>(decide: (books: Books) => Decided<T>, now = 0) =>
    (await decided({ decide, now }))() as T;

  return {
    change,
    look: (look, now) => change((books) => ({ result: look(books), change: NO_CHANGE }), now),

    async sweep(before, limit) {
      if (state) sweepBooks(state.books, before, limit);
      // The next caller then reads the journal anew, and moves the old tables into it.
      if (await old.areLeft()) state = undefined;
      return await deleteOld(db, before, limit);
    },
  };
}

/** Reads page by page, so that others get their turn in between. Leaves out what no longer matters. */
async function replay(db: Kysely<Schema>, now: number): Promise<State> {
  const last = await begin(db);
  const state: State = { books: createBooks(), last: { id: 0, at: 0 }, isShared: false };
  const since = now - SLACK_MS;
  for (let isWhole = false; !isWhole; ) {
    const page = await readMattering(db, state.last.id, last.id, since);
    for (const { id, at, entry } of page) {
      for (const change of changesOf(entry ?? "[]")) apply(state.books, mattering(change, since));
      state.last = { id, at };
    }
    isWhole = page.length < PAGE;
    await setImmediate();
  }
  return { ...state, last };
}
