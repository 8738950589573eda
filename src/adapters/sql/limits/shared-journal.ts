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
 * The journal of limits that several processes write. The memory of each decides, for all who ask at a time, and what it
 * decides is one row; its number is the one after the last that the process has followed. A number is given once, so
 * whoever gets it has decided by everything that was written; whoever does not was overtaken, reads on, and decides
 * anew. So a group of takes is one statement, as long as nobody else writes; and a group that changes nothing, such as
 * refusals, is one read.
 *
 * Which of them is next decides a row that all of them lock: who was overtaken locks it before it reads, and then nobody
 * overtakes it. That is for fairness alone: where one of them stands still meanwhile, the others go on without.
 *
 * @param old is moved once the journal was read, and before anything is decided by it; and with each sweep
 */
export function createSharedJournal(
  { db, transaction }: Pick<SqlDatabase, "db" | "transaction">,
  old: OldLimits,
): Journal {
  let state: State | undefined;
  let newest = 0;
  const writer = createWriter({ db, transaction });

  /** A clock that was set back looks at what was let go of: the journal still has it. */
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

/** Page by page, so that others have their turn in between; without what matters no more. */
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
