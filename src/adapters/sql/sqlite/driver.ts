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
import { UnavailableError } from "../../../core/refusals.ts";
import { type Bindable, bindable } from "../statements/values.ts";
import type { Commits, Turn } from "./commits.ts";
import type { Statement, Statements } from "./statements.ts";

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
export function sqliteDialect(
  statements: Statements,
  commits: Commits,
  options: Pick<SqliteDriverOptions, "onStatement">,
): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(statements, commits, options),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

interface Connection extends DatabaseConnection {
  readonly turn: Turn;
  inTransaction: boolean;
}

function createDriver(
  statements: Statements,
  commits: Commits,
  options: Pick<SqliteDriverOptions, "onStatement">,
): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => createConnection(await commits.enter(), statements, options),
    beginTransaction: (connection) =>
      translated(async () => {
        await mine(connection).turn.begin();
        mine(connection).turn.mark();
        mine(connection).inTransaction = true;
      }),
    commitTransaction: (connection) => translated(() => mine(connection).turn.end()),
    rollbackTransaction: (connection) =>
      translated(async () => {
        mine(connection).turn.undo();
        await mine(connection).turn.end();
      }),
    releaseConnection: async (connection) => mine(connection).turn.leave(),
    destroy: async () => {},
  };
}

/** Kysely gives back what `acquireConnection` made. */
function mine(connection: DatabaseConnection): Connection {
  return connection as Connection;
}

/** For one statement, or the statements of one transaction. */
function createConnection(
  turn: Turn,
  statements: Statements,
  options: Pick<SqliteDriverOptions, "onStatement">,
): Connection {
  const connection: Connection = {
    turn,
    inTransaction: false,
    executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      options.onStatement?.(query.sql);
      return translated(async () => {
        try {
          const parameters = query.parameters.map(bindable);
          const statement = await turn.whileBusy(() => statements.get(query.sql));
          if (!statement.isReader && !connection.inTransaction) await turn.begin();
          return await turn.whileBusy(() => runOn<R>(statement, parameters));
        } finally {
          if (!connection.inTransaction) await turn.end();
        }
      });
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; no store reads in streams
    async *streamQuery() {
      throw new Error("streaming is not supported");
    },
  };
  return connection;
}

function runOn<R>(statement: Statement, parameters: readonly Bindable[]): QueryResult<R> {
  if (statement.isReader) return { rows: statement.rows(parameters) as R[] };
  return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
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
