import { type InsertQueryBuilder, type InsertResult, type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";

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
  /** Copies a database that holds something beside itself; resolves with the copy's path, where there is one. */
  backup(label: string): Promise<string | undefined>;
  /** Rejects with `UnavailableError` when the database does not answer. */
  ping(): Promise<void>;
  /** Waits for what is running. Using the database afterwards is a mistake of the caller. */
  close(): Promise<void>;
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
export function rows(count: number) {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError("a row count is a whole number");
  return sql.lit(count);
}
