import {
  type CompiledQuery,
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  SqliteAdapter,
  sql,
} from "kysely";
import type { Bindable } from "./statements/values.ts";
import type { Schema } from "./tables/schema.ts";

/** An open database. */
export interface SqlDatabase {
  /** For single statements. Inside the body of a transaction use the body's own argument, never this. */
  readonly db: Kysely<Schema>;
  /**
   * Commits everything that the body did, durably. If the body rejects, nothing of it is kept. The body may be run
   * again.
   */
  transaction<T>(body: (trx: Kysely<Schema>) => Promise<T>): Promise<T>;
  /**
   * Runs the body alone among all processes, for migrations. If it rejects, SQLite undoes everything. MySQL cannot undo
   * changes of tables, so there the next run uses `resumed`.
   */
  exclusive<T>(body: ExclusiveBody<T>): Promise<T>;
  /** Present if the database runs in this process, as SQLite does. */
  readonly steps?: Steps;
  /** Copies a database that already holds something. Resolves with the path of the copy, if one was made. */
  backup(label: string): Promise<string | undefined>;
  /** Rejects with `UnavailableError` if the database does not answer, or takes no writes. It must be migrated. */
  ping(): Promise<void>;
  /** Waits for what is running. The caller must not use the database afterwards. */
  close(): Promise<void>;
}

/** Statements that run without any other of this process in between, so that state in memory can follow them. */
export interface Steps {
  /** Waits for no lock. Resolves when everything that the body saw is on disk. */
  read<T>(body: (step: Step) => T): Promise<T>;
  /**
   * Looks first. If the look gives no answer, it writes on the basis of what it saw. Resolves as `write` does.
   *
   * @param write writes by one statement, which is its last: what it did before it threw stays. `isSame` is true if
   *   nobody can have written since the look
   */
  lookAndWrite<T>(
    look: (step: Step) => { readonly answer: T } | undefined,
    write: (step: Step, isSame: boolean) => T,
  ): Promise<T>;
  /**
   * Keeps every other writer out meanwhile. Resolves when what the body did is on disk. If this rejects, nothing of it
   * is. The body may be run again if it threw.
   */
  write<T>(body: (step: Step) => T): Promise<T>;
}

/** What the body of a step may do; of no use after it. */
export interface Step {
  rows<R>(sql: string, ...values: readonly Bindable[]): readonly R[];
  run(sql: string, ...values: readonly Bindable[]): Ran;
  query<R>(statement: CompiledQuery<R>): readonly R[];
  execute(statement: CompiledQuery<unknown>): Ran;
  /** What to do at once if nothing of what was done and seen reaches the disk. The last one named runs first. */
  onLost(undo: () => void): void;
}

export interface Ran {
  readonly changes: number;
  /** Of the row that was inserted last. */
  readonly lastId: number;
}

/** No row has this id, so nothing is written. A database that takes no writes still refuses the statement. */
export async function writeNothing(db: Kysely<Schema>): Promise<void> {
  await db.updateTable("keys").set({ retired_at: null }).where("id", "=", "").execute();
}

export function isSqlite(db: Kysely<Schema>): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
}

/** @param resumed treats a statement as done if what it makes exists already, or what it removes is gone */
export type ExclusiveBody<T> = (db: Kysely<Schema>, resumed: Kysely<Schema>) => Promise<T>;

/**
 * Makes an insert do nothing if a row with the same unique value exists. A caller that has to know which of the two
 * happened reads the row afterwards: MySQL reports one affected row either way.
 */
export function ifAbsent<T extends keyof Schema>(
  insert: InsertQueryBuilder<Schema, T, InsertResult>,
): InsertQueryBuilder<Schema, T, InsertResult> {
  return insert.onConflict((conflict) => conflict.doNothing());
}

/** A row count as a part of the statement's text: MySQL accepts no bound floating point number there. */
export function rowCount(count: number) {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("a row count is a whole number");
  return sql.lit(count);
}
