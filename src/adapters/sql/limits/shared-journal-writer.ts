import type { Kysely } from "kysely";
import { apply, type Books } from "../../../core/protection/limits/counts/books.ts";
import { type Change, isEmpty, lastOf, mattersUntil } from "../../../core/protection/limits/counts/change.ts";
import { changesOf, entriesOf } from "../../../core/protection/limits/counts/entry.ts";
import { MINUTE_MS } from "../../../core/time.ts";
import type { SqlDatabase } from "../database.ts";
import { isConflict, isDuplicate } from "../mysql/errors.ts";
import type { Schema } from "../tables/schema.ts";
import type { Decided } from "./journal.ts";
import { append, lockTurn, type Mark, PAGE, readFrom } from "./shared-journal-rows.ts";

/** How long nobody waits for a turn after a process stood still during its own. */
const STUCK_MS = MINUTE_MS;

export interface Asked {
  readonly decide: (books: Books) => Decided<unknown>;
  readonly now: number;
}

/** The answer to one caller of a group: it returns the result, or throws the caller's own error. */
export type Answer = () => unknown;

/** What a process knows. */
export interface State {
  readonly books: Books;
  /** The last row that it has followed. */
  last: Mark;
  /** Whether another process wrote since the group before. */
  isShared: boolean;
}

/** The result of a group by the present books. The books contain it already; it can be taken back. */
interface Draft {
  readonly answers: readonly Answer[];
  readonly changes: readonly Change[];
  takeBack(): void;
}

/** @returns what changes, which is written in the same transaction */
export type Portion = (books: Books, trx: Kysely<Schema>) => Promise<Change>;

export interface Writer {
  /** Decides for all of them by everything that was written. Resolves when the changes are durable. */
  serve(known: State, group: readonly Asked[]): Promise<readonly Answer[]>;
  /** Writes a change that belongs together with other changes of the database. */
  write(known: State, portion: Portion): Promise<void>;
}

/**
 * Writes groups into the journal. Each becomes the row after the last one that it was decided by.
 *
 * @throws OtherHistory from its methods if that row is missing
 */
export function createWriter({ db, transaction }: Pick<SqlDatabase, "db" | "transaction">): Writer {
  const turns = watchTurns();

  async function serve(known: State, group: readonly Asked[]): Promise<readonly Answer[]> {
    for (;;) {
      const draft = draftOf(known.books, group);
      if (draft.changes.length === 0) {
        if (!(await catchUp(db, known))) return draft.answers;
      } else if (known.isShared && !turns.areStuck()) {
        draft.takeBack();
        const answers = await serveInTurn(known, group);
        if (answers) return answers;
      } else {
        if (await isWritten(known, draft)) return draft.answers;
        if (turns.areStuck()) await catchUp(db, known);
        else known.isShared = true;
      }
    }
  }

  /** Whether the row after the last known one was free. If it was not written, it is taken back from the books. */
  async function isWritten(known: State, draft: Draft): Promise<boolean> {
    try {
      known.last = await append(db, known.last, rowOf(draft.changes), { waits: !turns.areStuck() });
      return true;
    } catch (error) {
      draft.takeBack();
      turns.noteLoss(error);
      return false;
    }
  }

  /** Undefined when it was not their turn after all. */
  async function serveInTurn(known: State, group: readonly Asked[]): Promise<readonly Answer[] | undefined> {
    let answers: readonly Answer[] | undefined;
    const decide = async () => {
      const draft = draftOf(known.books, group);
      answers = draft.answers;
      return draft;
    };
    try {
      await inTurn(transaction, known, decide);
      return answers;
    } catch (error) {
      turns.noteLoss(error);
      return undefined;
    }
  }

  async function write(known: State, portion: Portion): Promise<void> {
    await inTurn(transaction, known, async (trx) => {
      const change = await portion(known.books, trx);
      return draftOf(known.books, [{ decide: () => ({ result: undefined, change }), now: 0 }]);
    });
  }

  return { serve, write };
}

/** Whether to wait for a turn. After a turn took too long, nobody waits for a while. */
function watchTurns() {
  let stuckUntil = Number.NEGATIVE_INFINITY;
  const areStuck = () => performance.now() < stuckUntil;
  return {
    areStuck,
    /**
     * Notes that others were first, or that no turn could be had: then the work may be tried again. Throws every other
     * error, and also a lost lock of a caller that waits for no turn.
     */
    noteLoss(error: unknown): void {
      if (isConflict(error) && !areStuck()) stuckUntil = performance.now() + STUCK_MS;
      else if (!isDuplicate(error)) throw error;
    },
  };
}

/** Nobody else writes meanwhile. The transaction may be done again, and its commit may fail. */
async function inTurn(
  transaction: SqlDatabase["transaction"],
  known: State,
  decide: (trx: Kysely<Schema>) => Promise<Draft>,
): Promise<void> {
  let draft: Draft | undefined;
  try {
    known.last = await transaction(async (trx) => {
      draft?.takeBack();
      draft = undefined;
      await lockTurn(trx);
      known.isShared = await catchUp(trx, known);
      draft = await decide(trx);
      return draft.changes.length > 0
        ? await append(trx, known.last, rowOf(draft.changes), { waits: true })
        : known.last;
    });
  } catch (error) {
    draft?.takeBack();
    throw error;
  }
}

function draftOf(books: Books, group: readonly Asked[]): Draft {
  const changes: Change[] = [];
  const backs: Change[] = [];
  const answers = group.map(({ decide }): Answer => {
    try {
      const { result, change } = decide(books);
      if (!isEmpty(change)) {
        backs.push(apply(books, change));
        changes.push(change);
      }
      return () => result;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  });
  return { answers, changes, takeBack: () => void backs.reverse().map((back) => apply(books, back)) };
}

function rowOf(changes: readonly Change[]) {
  return {
    at: Math.max(...changes.map(lastOf)),
    matters_until: Math.max(...changes.map(mattersUntil)),
    entry: entriesOf(changes),
  };
}

/** Whether there was anything to follow. */
async function catchUp(db: Kysely<Schema>, state: State): Promise<boolean> {
  const known = state.last.id;
  for (let isWhole = false; !isWhole; ) {
    const news = await readFrom(db, state.last);
    for (const { id, at, entry } of news) {
      for (const change of changesOf(entry)) apply(state.books, change);
      state.last = { id, at };
    }
    isWhole = news.length < PAGE;
  }
  return state.last.id > known;
}
