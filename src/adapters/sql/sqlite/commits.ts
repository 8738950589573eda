import type Libsql from "libsql";
import { createLane } from "./lane.ts";

/** A caller's turn on the one connection; between `begin` and the end everything is in a transaction. */
export interface Turn {
  /** Runs again what met a file that another process has locked. */
  whileBusy<T>(run: () => T): Promise<T>;
  /** Whether the transaction that all turns of this moment share is open. */
  isOpen(): boolean;
  /** Opens the transaction that all turns of this moment share, where it is not open yet. */
  begin(): Promise<void>;
  /** In that transaction: what follows can be undone by itself. */
  mark(): void;
  /** Undoes what followed `mark`, and nothing of other turns; nothing at all once this one is over. */
  undo(): void;
  /** In that transaction: what to do at once when nothing of it comes to be on disk, the last that was named first. */
  onLost(undo: () => void): void;
  /** Ends the turn. Resolves when what was done and seen in it is on disk; rejects when nothing of it is. */
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

/** The transaction of one moment. */
interface Group {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly undos: (() => void)[];
}

/**
 * One connection has one transaction, and each waits for the disk. So the turns of one moment share theirs: the first opens
 * it, and it is committed when this turn of the event loop and the next are over. Each can be undone by itself, to a
 * savepoint. Nobody is answered before the commit, also who only read: it may have been what is not on disk yet.
 *
 * @param retry runs what meets a locked file again, until the deadline (of `performance.now`)
 */
export function createCommits(
  connection: Pick<Libsql.Database, "exec" | "inTransaction">,
  busyTimeoutMs: number,
  retry: <T>(run: () => T, deadline: number) => Promise<T>,
): Commits {
  const lane = createLane();
  let group: Group | undefined;

  async function open(deadline: number): Promise<void> {
    if (group) return;
    await retry(() => connection.exec("BEGIN IMMEDIATE"), deadline);
    const opened = createGroup();
    group = opened;
    // Many whose answer was read in this turn of the event loop have another way to go before they write, too.
    setImmediate(() => setImmediate(() => void alone(() => {})));
  }

  async function commit(): Promise<void> {
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
  }

  /** After some errors SQLite has rolled back by itself, and with it what others did. */
  function noticeLoss(error: unknown): void {
    if (!group || connection.inTransaction) return;
    lose(group, error);
    group = undefined;
  }

  async function alone<T>(run: () => T): Promise<T> {
    const leave = await lane.enter();
    try {
      await commit();
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
      const leaveLane = await lane.enter();
      let isOver = false;
      const leave = () => {
        isOver = true;
        leaveLane();
      };
      return {
        leave,
        isOpen: () => group !== undefined,
        begin: () => open(deadline),
        mark: () => void connection.exec("SAVEPOINT turn"),
        onLost: (undo) => void group?.undos.push(undo),
        undo: () => void (!isOver && connection.inTransaction && connection.exec("ROLLBACK TO turn")),
        async whileBusy(run) {
          try {
            return await retry(run, deadline);
          } catch (error) {
            noticeLoss(error);
            throw error;
          }
        },
        end() {
          const done = isOver ? undefined : group?.done;
          leave();
          return done ?? Promise.resolve();
        },
      };
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
