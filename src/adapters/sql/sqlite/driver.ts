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
import { type Bindable, bindable } from "../statements/values.ts";
import type { Commits, Turn } from "./commits.ts";
import { asFault } from "./errors.ts";
import type { Statement, Statements } from "./statements.ts";

/** Sees the text of every statement, never its values. */
type OnStatement = ((sql: string) => void) | undefined;

/**
 * Kysely's dialect for libsql. It has one connection and one lane: libsql runs a statement synchronously, so a second
 * connection would make nothing faster. Every write begins with BEGIN IMMEDIATE, because a deferred transaction that
 * meets a busy file keeps its statement open. Waiting for another process happens between tries and not inside libsql,
 * so that the event loop goes on.
 */
export function sqliteDialect(statements: Statements, commits: Commits, onStatement: OnStatement): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(statements, commits, onStatement),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

interface Connection extends DatabaseConnection {
  readonly turn: Turn;
  inTransaction: boolean;
}

function createDriver(statements: Statements, commits: Commits, onStatement: OnStatement): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => createConnection(await commits.enter(), statements, onStatement),
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
function createConnection(turn: Turn, statements: Statements, onStatement: OnStatement): Connection {
  const connection: Connection = {
    turn,
    inTransaction: false,
    executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      onStatement?.(query.sql);
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

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asFault(error);
  }
}
