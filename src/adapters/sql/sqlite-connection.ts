import type Libsql from "libsql";
import Threaded from "libsql/promise";

/** What sharing a commit needs of a connection. */
export interface CommitConnection {
  exec(sql: string): void;
  /** Waits for the disk on another thread; the connection must be left alone meanwhile. */
  commit(): Promise<void>;
  readonly inTransaction: boolean;
}

/**
 * Statements of SQLite are quick, and run where they are asked for; only a commit waits for the disk. libsql has a second class,
 * over connections of the same kind, whose methods run on a thread of its own: one of them is all that is needed.
 */
export function commitConnection(libsql: Libsql.Database): CommitConnection {
  const commit: () => Promise<void> = Threaded.prototype.exec.bind(libsql, "COMMIT");
  return {
    exec: (sql) => void libsql.exec(sql),
    commit,
    get inTransaction() {
      return libsql.inTransaction;
    },
  };
}
