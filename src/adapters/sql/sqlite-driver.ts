import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type Libsql from "libsql";
import { UnavailableError } from "../../core/refusals.ts";
import { createLane } from "./lane.ts";
import { createStatements } from "./statements.ts";
import { bindable } from "./values.ts";

export interface SqliteDriverOptions {
  /** How long a statement may wait for its turn and for other processes, together. */
  readonly busyTimeoutMs: number;
  /** Sees the text of every statement, never its values. */
  readonly onStatement?: (sql: string) => void;
}

/**
 * Kysely's dialect for libsql. One connection and one lane: libsql runs a statement synchronously, so a second
 * connection would make nothing faster. Every write begins with BEGIN IMMEDIATE, because a deferred transaction that
 * meets a busy file keeps its statement open; waiting for another process is done between tries, not inside libsql,
 * so that the event loop goes on.
 */
export function sqliteDialect(libsql: Libsql.Database, options: SqliteDriverOptions): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(libsql, options),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

interface Turn {
  /** On the clock of `performance.now`. Whoever waited long for the lane waits no longer for the file. */
  readonly deadline: number;
  readonly leave: () => void;
}

function createDriver(libsql: Libsql.Database, options: SqliteDriverOptions): Driver {
  const lane = createLane();
  let turn: Turn = { deadline: 0, leave: () => {} };
  const whileBusy = <T>(run: () => T) => retryWhileBusy(run, turn.deadline);
  const begin = () => whileBusy(() => void libsql.exec("BEGIN IMMEDIATE"));
  const commit = () => whileBusy(() => void libsql.exec("COMMIT"));
  const rollback = () => libsql.inTransaction && libsql.exec("ROLLBACK");
  const connection = createConnection(libsql, { whileBusy, begin, commit, rollback }, options);
  return {
    init: async () => {},
    async acquireConnection() {
      const deadline = performance.now() + options.busyTimeoutMs;
      turn = { leave: await lane.enter(), deadline };
      return connection;
    },
    beginTransaction: () => translated(begin),
    commitTransaction: () => translated(commit),
    rollbackTransaction: () => translated(async () => void rollback()),
    releaseConnection: async () => turn.leave(),
    destroy: async () => {},
  };
}

interface Transactions {
  whileBusy<T>(run: () => T): Promise<T>;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): unknown;
}

function createConnection(
  libsql: Libsql.Database,
  transactions: Transactions,
  options: SqliteDriverOptions,
): DatabaseConnection {
  const statements = createStatements(libsql);
  return {
    executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      options.onStatement?.(query.sql);
      return translated(async () => {
        const parameters = query.parameters.map(bindable);
        const statement = await transactions.whileBusy(() => statements.get(query.sql));
        if (statement.reader) {
          return { rows: (await transactions.whileBusy(() => statement.all(parameters))) as R[] };
        }
        const run = () => statement.run(parameters).changes;
        const changes = libsql.inTransaction ? run() : await inOwnTransaction(transactions, run);
        return { rows: [], numAffectedRows: BigInt(changes) };
      });
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; no store reads in streams
    async *streamQuery() {
      throw new Error("streaming is not supported");
    },
  };
}

async function inOwnTransaction<T>(transactions: Transactions, run: () => T): Promise<T> {
  await transactions.begin();
  try {
    const result = run();
    await transactions.commit();
    return result;
  } catch (error) {
    transactions.rollback();
    throw error;
  }
}

const PAUSES_MS = [1, 2, 5, 10, 20, 40];

/** Runs again what met a file that another process has locked, until the deadline (of `performance.now`). */
export async function retryWhileBusy<T>(run: () => T, deadline: number): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return run();
    } catch (error) {
      if (!/^SQLITE_(BUSY|LOCKED)/.test(codeOf(error)) || performance.now() >= deadline) throw error;
    }
    await pause(PAUSES_MS[tries] ?? 50);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asFault(error);
  }
}

const UNREACHABLE =
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL|PERM|AUTH|NOLFS)/;

/** `UnavailableError` for everything that the database's surroundings did; what is our own mistake stays as it is. */
export function asFault(error: unknown): unknown {
  return UNREACHABLE.test(codeOf(error)) ? new UnavailableError("the database", { cause: error }) : error;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
