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
  /** Commits what the body did, durably, or nothing of it when the body rejects. The body may be run again. */
  transaction<T>(body: (trx: Kysely<Schema>) => Promise<T>): Promise<T>;
  /**
   * Runs the body alone among all processes, for migrations. SQLite takes everything back when it rejects; MySQL cannot
   * take back what changes tables, so there whoever goes on after it uses `resumed`.
   */
  exclusive<T>(body: ExclusiveBody<T>): Promise<T>;
  /** Where the database runs in this process, as SQLite does. */
  readonly steps?: Steps;
  /** Copies a database that holds something beside itself; resolves with the copy's path, where there is one. */
  backup(label: string): Promise<string | undefined>;
  /** Rejects with `UnavailableError` when the database does not answer, or takes no writes. It must be migrated. */
  ping(): Promise<void>;
  /** Waits for what is running. Using the database afterwards is a mistake of the caller. */
  close(): Promise<void>;
}

/** Statements between which nothing else of this process runs, so that what is kept in memory can follow them. */
export interface Steps {
  /** Waits for no lock. Resolves when what was seen is on disk. */
  read<T>(body: (step: Step) => T): Promise<T>;
  /**
   * Looks, and where that gives no answer writes by what was seen. Resolves as `write` does.
   *
   * @param write does so by one statement, its last: what it did before it threw stays. `isSame` where nobody can have
   *   written since the look
   */
  lookAndWrite<T>(
    look: (step: Step) => { readonly answer: T } | undefined,
    write: (step: Step, isSame: boolean) => T,
  ): Promise<T>;
  /**
   * Keeps every other writer out meanwhile. Resolves when what the body did is on disk; nothing of it is when this rejects.
   * The body may be run again, where it threw.
   */
  write<T>(body: (step: Step) => T): Promise<T>;
}

/** What the body of a step may do; of no use after it. */
export interface Step {
  rows<R>(sql: string, ...values: readonly Bindable[]): readonly R[];
  run(sql: string, ...values: readonly Bindable[]): Ran;
  query<R>(statement: CompiledQuery<R>): readonly R[];
  execute(statement: CompiledQuery<unknown>): Ran;
  /** What to do at once when nothing of what was done and seen comes to be on disk, the last that was named first. */
  onLost(undo: () => void): void;
}

export interface Ran {
  readonly changes: number;
  /** Of the row that was inserted last. */
  readonly lastId: number;
}

/** No row has this id: nothing is written, and a database that takes no writes refuses it all the same. */
export async function writeNothing(db: Kysely<Schema>): Promise<void> {
  await db.updateTable("keys").set({ retired_at: null }).where("id", "=", "").execute();
}

export function isSqlite(db: Kysely<Schema>): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
}

/** @param resumed takes it for done when what a statement makes is there already, or what it removes is gone */
export type ExclusiveBody<T> = (db: Kysely<Schema>, resumed: Kysely<Schema>) => Promise<T>;

/**
 * Makes an insert do nothing when a row with the same unique value exists. Whoever wants to know which of the two it
 * was reads the row afterwards: MySQL reports one affected row either way.
 */
export function ifAbsent<T extends keyof Schema>(
  insert: InsertQueryBuilder<Schema, T, InsertResult>,
): InsertQueryBuilder<Schema, T, InsertResult> {
  return insert.onConflict((conflict) => conflict.doNothing());
}

/** A row count as a part of the statement's text: MySQL takes no bound floating point number there. */
export function rowCount(count: number) {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("a row count is a whole number");
  return sql.lit(count);
}
