import type Libsql from "libsql";

/** More texts than the stores have; lists of many lengths would otherwise make it grow without end. */
const MOST_KEPT = 256;

/** Prepared statements by their text, so that each text is parsed once. */
export interface Statements {
  get(sql: string): Libsql.Statement;
}

export function createStatements(libsql: Libsql.Database): Statements {
  const kept = new Map<string, Libsql.Statement>();
  return {
    get(sql) {
      const statement = kept.get(sql) ?? libsql.prepare(sql);
      kept.delete(sql);
      kept.set(sql, statement);
      if (kept.size > MOST_KEPT) forgetLeastUsed(kept);
      return statement;
    },
  };
}

function forgetLeastUsed(kept: Map<string, Libsql.Statement>): void {
  for (const sql of kept.keys()) {
    kept.delete(sql);
    return;
  }
}
