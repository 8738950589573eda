import type Libsql from "libsql";
import { createLane } from "./lane.ts";
import type { Retry } from "./retry.ts";

/** A caller's turn on the one connection. Everything between `begin` and the end is in a transaction. */
export interface Turn {
  /** Tries again while another process has locked the file. */
  whileBusy<T>(run: () => T): Promise<T>;
  /** Whether the transaction that all turns of this moment share is open. */
  isOpen(): boolean;
  /** Opens the transaction that all turns of this moment share, unless it is open already. */
  begin(): Promise<void>;
  /** In that transaction: sets the point to which `undo` returns. */
  mark(): void;
  /** Undoes what followed `mark`, and nothing of other turns. After this turn is over, it does nothing. */
  undo(): void;
  /** In that transaction: what to do at once if nothing of it reaches the disk. The last one named runs first. */
  onLost(undo: () => void): void;
  /** Ends the turn. Resolves when what was done and seen in it is on disk. Rejects if nothing of it is. */
  end(): Promise<void>;
  /** Ends the turn without waiting. */
  leave(): void;
}

/** Turns on one connection, and when what they wrote goes to disk. */
export interface Commits {
  enter(): Promise<Turn>;
  /** Runs between two turns, with no transaction open. */
  alone<T>(run: () => T): Promise<T>;
}

type Connection = Pick<Libsql.Database, "exec" | "inTransaction">;

/**
 * One connection has one transaction at a time, and each transaction waits for the disk. So the turns of one moment
 * share one: the first turn opens it, and it is committed after this turn of the event loop and the next. A savepoint
 * lets each turn be undone by itself. Nobody is answered before the commit, not even callers that only read: they may
 * have read what is not on disk yet.
 *
 * @param assertWritable is called before a transaction is opened; throws if nothing may be written
 */
export function createCommits(
  connection: Connection,
  busyTimeoutMs: number,
  retry: Retry,
  assertWritable: () => void = () => {},
): Commits {
  const lane = createLane();
  const begin = () => {
    assertWritable();
    connection.exec("BEGIN IMMEDIATE");
  };
  // Many callers whose answer was read in this turn of the event loop need one more turn before they write, too.
  const onOpened = () => setImmediate(() => setImmediate(() => void alone(() => {})));
  const shared = createShared({ connection, retry, begin, onOpened });
  const parts = { connection, retry, shared };

  async function alone<T>(run: () => T): Promise<T> {
    const leave = await lane.enter();
    try {
      await shared.commit(busyTimeoutMs);
      return run();
    } finally {
      leave();
    }
  }

  return {
    alone,
    async enter() {
      // The time spent waiting for the lane counts: the wait for the file ends at the same moment.
      const deadline = performance.now() + busyTimeoutMs;
      return createTurn(parts, deadline, await lane.enter());
    },
  };
}

/** The transaction of one moment. */
interface Group {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly undos: (() => void)[];
}

/** The transaction that is open on the one connection, for all turns of its moment. */
interface Shared {
  group(): Group | undefined;
  open(deadline: number): Promise<void>;
  /** Between two turns. */
  commit(busyTimeoutMs: number): Promise<void>;
  /** After some errors SQLite has rolled back by itself, and has undone what other turns did. */
  noticeLoss(error: unknown): void;
}

interface SharedParts {
  readonly connection: Connection;
  readonly retry: Retry;
  readonly begin: () => void;
  readonly onOpened: () => void;
}

function createShared({ connection, retry, begin, onOpened }: SharedParts): Shared {
  let group: Group | undefined;
  return {
    group: () => group,

    async open(deadline) {
      if (group) return;
      await retry(begin, deadline);
      group = createGroup();
      onOpened();
    },

    async commit(busyTimeoutMs) {
      const ended = group;
      group = undefined;
      if (!ended) return;
      try {
        await retry(() => connection.exec("COMMIT"), performance.now() + busyTimeoutMs);
        ended.resolve();
      } catch (error) {
        if (connection.inTransaction) connection.exec("ROLLBACK");
        lose(ended, error);
      }
    },

    noticeLoss(error) {
      if (!group || connection.inTransaction) return;
      lose(group, error);
      group = undefined;
    },
  };
}

interface TurnParts {
  readonly connection: Connection;
  readonly retry: Retry;
  readonly shared: Shared;
}

function createTurn({ connection, retry, shared }: TurnParts, deadline: number, leaveLane: () => void): Turn {
  let isOver = false;
  const leave = () => {
    isOver = true;
    leaveLane();
  };
  return {
    leave,
    isOpen: () => shared.group() !== undefined,
    begin: () => shared.open(deadline),
    mark: () => void connection.exec("SAVEPOINT turn"),
    onLost: (undo) => void shared.group()?.undos.push(undo),
    undo: () => void (!isOver && connection.inTransaction && connection.exec("ROLLBACK TO turn")),
    async whileBusy(run) {
      try {
        return await retry(run, deadline);
      } catch (error) {
        shared.noticeLoss(error);
        throw error;
      }
    },
    end() {
      const done = isOver ? undefined : shared.group()?.done;
      leave();
      return done ?? Promise.resolve();
    },
  };
}

function createGroup(): Group {
  let settle: Pick<Group, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Where everybody has left already, nobody hears of it.
  done.catch(() => {});
  return { done, ...settle, undos: [] };
}

function lose({ undos, reject }: Group, error: unknown): void {
  for (const undo of undos.reverse()) undo();
  reject(error);
}
