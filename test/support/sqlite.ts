import type Libsql from "libsql";

/** A connection of which every statement beside those of stores is seen before it runs, and may be made to fail. */
export function watchedConnection(
  libsql: Libsql.Database,
  see: (sql: string) => void,
): Pick<Libsql.Database, "exec" | "inTransaction"> {
  return {
    exec(sql) {
      see(sql);
      return libsql.exec(sql);
    },
    get inTransaction() {
      return libsql.inTransaction;
    },
  };
}
