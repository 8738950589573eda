import type Libsql from "libsql";
import type { Ran } from "../database.ts";
import type { Bindable } from "../statements/values.ts";

/** More texts than the stores have. Without a bound, lists of many lengths would make it grow without end. */
const MOST_KEPT = 256;

/** Prepared statements by their text, so that each text is parsed once. */
export interface Statements {
  get(sql: string): Statement;
}

export interface Statement {
  /** Whether it gives rows. */
  readonly isReader: boolean;
  rows(values: readonly Bindable[]): Record<string, unknown>[];
  run(values: readonly Bindable[]): Ran;
}

export function createStatements(libsql: Libsql.Database): Statements {
  const kept = new Map<string, Statement>();
  return {
    get(sql) {
      const statement = kept.get(sql) ?? prepare(libsql, sql);
      kept.delete(sql);
      kept.set(sql, statement);
      if (kept.size > MOST_KEPT) forgetLeastUsed(kept);
      return statement;
    },
  };
}

/**
 * A statement's column names are read once, because libsql takes half as long for rows without names. If another
 * process adds columns to a table meanwhile, they come last in its star, so a star must come last in the statement.
 */
function prepare(libsql: Libsql.Database, sql: string): Statement {
  const prepared = libsql.prepare(sql);
  const isReader = prepared.reader;
  const names = isReader
    ? prepared
        .raw(true)
        .columns()
        .map(({ name }) => name)
    : [];
  return {
    isReader,
    rows: (values) => (prepared.all([...values]) as unknown[][]).map((row) => named(names, row)),
    run(values) {
      const { changes, lastInsertRowid } = prepared.run([...values]);
      return { changes, lastId: Number(lastInsertRowid) };
    },
  };
}

function named(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let n = 0; n < names.length; n++) row[names[n] as string] = values[n];
  return row;
}

function forgetLeastUsed(kept: Map<string, Statement>): void {
  for (const sql of kept.keys()) {
    kept.delete(sql);
    return;
  }
}
