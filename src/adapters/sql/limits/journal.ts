import { setImmediate } from "node:timers/promises";
import {
  apply,
  type Books,
  createBooks,
  sweepBooks,
  tidy,
} from "../../../core/protection/limits/counts/books.ts";
import { type Change, isEmpty, lastOf, mattersUntil } from "../../../core/protection/limits/counts/change.ts";
import { changeOf, entryOf } from "../../../core/protection/limits/counts/entry.ts";
import { SLACK_MS } from "../../../core/protection/limits/counts/events.ts";
import type { Step, Steps } from "../database.ts";

/** A decision made on the books, and the change that it makes to them. */
export interface Decided<T> {
  readonly result: T;
  readonly change: Change;
}

/** @param step for what else belongs to the same transaction */
export type Portion = (books: Books, step: Step) => Change;

/** The books of limits in memory, and the journal in the database that they follow. */
export interface Journal {
  /** By what everybody wrote. Takes no lock. */
  look<T>(look: (books: Books) => T, now?: number): Promise<T>;
  /**
   * Decides by everything that anybody wrote, and with nobody writing in between. If nothing changes, it takes no lock.
   * Resolves when the change is on disk.
   */
  change<T>(decide: (books: Books) => Decided<T>, now?: number): Promise<T>;
  /** Deletes rows that tell of nothing at or after `before`; returns how many. */
  sweep(before: number, limit: number): Promise<number>;
}

/** How far a process has read, and the resulting books. */
interface State {
  readonly books: Books;
  lastId: number;
}

interface Row {
  readonly id: number;
  readonly entry: string;
}

/** A row whose text is left out if it no longer matters. */
interface Passed {
  readonly id: number;
  readonly entry: string | null;
}

interface Aged {
  readonly id: number;
  readonly at: number;
}

/** Rows that are read, and followed, without giving way. */
const PAGE = 500;
/** How many rows that are not old may stand before old ones: seeded rows, or rows of a clock that was ahead. */
const SPARE = 1_000;

const READ = "select id, entry from limit_journal where id > ? order by id limit ?";
/**
 * Rows that no longer matter are read without their text, and not filtered out: a search for the rest could take long.
 */
const REPLAY =
  "select id, case when matters_until > ? then entry end as entry from limit_journal where id > ? order by id limit ?";
const APPEND = "insert into limit_journal (at, matters_until, entry) values (?, ?, ?)";
const FIRST = "select id, at from limit_journal where id > 0 order by id limit ?";
const DELETE_OLD = "delete from limit_journal where id <= ? and at < ?";

/**
 * The memory of each process decides. Each decision is a row, which is written in the same transaction. Before it
 * decides, the process applies the rows of others that it has not seen yet. So one change is one read and one insert.
 * Processes that share a file agree, because every writer has seen everything written before. If a change does not
 * reach the disk, it is undone in memory before the next caller's turn.
 *
 * @param fill is run after the journal was read, and before anything is decided by it
 */
export function createJournal(
  steps: Steps,
  fill: (write: (portion: Portion) => Promise<void>) => Promise<void> = async () => {},
): Journal {
  let loading: Promise<State> | undefined;
  let newest = 0;

  /**
   * If the clock was set back, entries that memory has dropped matter again. The journal still has them, so it is read
   * anew.
   */
  function stateAt(now: number): Promise<State> {
    if (now > 0 && now < newest - SLACK_MS) loading = undefined;
    newest = loading ? Math.max(newest, now) : now;
    if (loading) return loading;
    const loaded = load(now);
    loading = loaded;
    loaded.catch(() => {
      if (loading === loaded) loading = undefined;
    });
    return loaded;
  }

  async function load(now: number): Promise<State> {
    const state = await replay(steps, now);
    await fill((portion) =>
      steps.write((step) => {
        catchUp(step, state);
        append(step, state, portion(state.books, step));
      }),
    );
    return state;
  }

  return {
    async change(decide, now = 0) {
      const state = await stateAt(now);
      let decided: ReturnType<typeof decide> | undefined;
      return await steps.lookAndWrite(
        (step) => {
          catchUp(step, state);
          decided = decide(state.books);
          return isEmpty(decided.change) ? { answer: decided.result } : undefined;
        },
        (step, isSame) => {
          const isNews = !isSame && catchUp(step, state);
          const { result, change } = isNews || !decided ? decide(state.books) : decided;
          tidy(state.books, now);
          append(step, state, change);
          return result;
        },
      );
    },

    async look(look, now = 0) {
      const state = await stateAt(now);
      return await steps.read((step) => {
        catchUp(step, state);
        return look(state.books);
      });
    },

    async sweep(before, limit) {
      if (loading) sweepBooks((await loading).books, before, limit);
      const first = await steps.read((step) => step.rows<Aged>(FIRST, limit + SPARE));
      const last = first
        .filter(({ at }) => at < before)
        .slice(0, limit)
        .at(-1);
      return last ? await steps.write((step) => step.run(DELETE_OLD, last.id, before).changes) : 0;
    },
  };
}

/** Reads page by page, so that others get their turn in between. Leaves out what no longer matters. */
async function replay(steps: Steps, now: number): Promise<State> {
  const state: State = { books: createBooks(), lastId: 0 };
  const since = now - SLACK_MS;
  for (let isWhole = false; !isWhole; ) {
    const page = await steps.read((step) => step.rows<Passed>(REPLAY, since, state.lastId, PAGE));
    for (const { id, entry } of page) {
      if (entry !== null) apply(state.books, mattering(changeOf(entry), since));
      state.lastId = id;
    }
    isWhole = page.length < PAGE;
    await setImmediate();
  }
  return state;
}

/** Without the events that matter no more. */
export function mattering(change: Change, since: number): Change {
  return { ...change, counted: change.counted.filter(({ at, keptMs }) => at + keptMs > since) };
}

/** Whether there was anything to follow. */
function catchUp(step: Step, state: State): boolean {
  const known = state.lastId;
  for (let isWhole = false; !isWhole; ) {
    const page = step.rows<Row>(READ, state.lastId, PAGE);
    for (const { id, entry } of page) follow(step, state, id, changeOf(entry));
    isWhole = page.length < PAGE;
  }
  return state.lastId > known;
}

function append(step: Step, state: State, change: Change): void {
  if (isEmpty(change)) return;
  const { lastId } = step.run(APPEND, lastOf(change), mattersUntil(change), entryOf(change));
  follow(step, state, lastId, change);
}

function follow(step: Step, state: State, id: number, change: Change): void {
  const [before, back] = [state.lastId, apply(state.books, change)];
  state.lastId = id;
  step.onLost(() => {
    apply(state.books, back);
    state.lastId = before;
  });
}
