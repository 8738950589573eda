import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
} from "kysely";
import { bindable } from "../statements/values.ts";
import type { MysqlConnection } from "./connection.ts";
import { asFault, isDoneBefore } from "./errors.ts";
import type { Retry } from "./retry.ts";

export interface MysqlDriverOptions {
  /** Where connections come from. */
  readonly connections: {
    acquire(): Promise<MysqlConnection>;
    release(connection: MysqlConnection): void;
  };
  /** Runs again what lost a lock to somebody else. */
  readonly retry: Retry;
  /** Treats a statement as done if its table, column or index already exists or is already removed. */
  readonly resumes?: boolean;
  /** Sees the text of every statement, never its values. */
  readonly onStatement?: (sql: string) => void;
}

/** Kysely's dialect for MySQL and MariaDB. */
export function mysqlDialect(options: MysqlDriverOptions): Dialect {
  return {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => createDriver(options),
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  };
}

interface Connection extends DatabaseConnection {
  readonly mysql: MysqlConnection;
  inTransaction: boolean;
}

function createDriver(options: MysqlDriverOptions): Driver {
  const { connections } = options;
  const command = async (connection: DatabaseConnection, sql: string) => {
    options.onStatement?.(sql);
    await translated(() => mine(connection).mysql.run(sql));
  };
  return {
    init: async () => {},
    acquireConnection: () => translated(async () => createConnection(await connections.acquire(), options)),
    async beginTransaction(connection) {
      await command(connection, "begin");
      mine(connection).inTransaction = true;
    },
    commitTransaction: (connection) => command(connection, "commit"),
    async rollbackTransaction(connection) {
      // If the connection is lost, the server rolls back by itself. Here only the body's own error matters.
      await command(connection, "rollback").catch(() => mine(connection).mysql.destroy());
    },
    releaseConnection: async (connection) => connections.release(mine(connection).mysql),
    destroy: async () => {},
  };
}

/** Kysely gives back what `acquireConnection` made. */
function mine(connection: DatabaseConnection): Connection {
  return connection as Connection;
}

function createConnection(mysql: MysqlConnection, options: MysqlDriverOptions): Connection {
  const connection: Connection = {
    mysql,
    inTransaction: false,
    executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      options.onStatement?.(query.sql);
      const run = () => translated(() => execute<R>(mysql, query, options));
      return connection.inTransaction ? run() : options.retry(run);
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; no store reads in streams
    async *streamQuery() {
      throw new Error("streaming is not supported");
    },
  };
  return connection;
}

async function execute<R>(
  mysql: MysqlConnection,
  { sql, parameters }: CompiledQuery,
  { resumes }: MysqlDriverOptions,
): Promise<QueryResult<R>> {
  try {
    const result = await mysql.run(sql, parameters.map(bindable));
    if (Array.isArray(result)) return { rows: result as R[] };
    return { rows: [], numAffectedRows: BigInt(result.affectedRows) };
  } catch (error) {
    if (resumes && isDoneBefore(error)) return { rows: [] };
    throw error;
  }
}

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asFault(error);
  }
}
