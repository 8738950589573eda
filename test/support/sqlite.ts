import type Libsql from "libsql";
import { type CommitConnection, commitConnection } from "../../src/adapters/sql/sqlite-connection.ts";

/** A connection of which every statement beside those of stores is seen before it runs, and may be made to fail. */
export function watchedConnection(libsql: Libsql.Database, see: (sql: string) => void): CommitConnection {
  const connection = commitConnection(libsql);
  return {
    exec(sql) {
      see(sql);
      connection.exec(sql);
    },
    async commit() {
      see("COMMIT");
      await connection.commit();
    },
    get inTransaction() {
      return connection.inTransaction;
    },
  };
}
