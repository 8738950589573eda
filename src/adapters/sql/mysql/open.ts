import { Kysely, sql } from "kysely";
import { type ExclusiveBody, type SqlDatabase, writeNothing } from "../database.ts";
import { mysqlGrammar } from "../statements/grammar.ts";
import type { Schema } from "../tables/schema.ts";
import { type Connector, createConnector, type MysqlConnection, type MysqlServer } from "./connection.ts";
import { type MysqlDriverOptions, mysqlDialect } from "./driver.ts";
import { unavailable } from "./errors.ts";
import { createPool, type Pool } from "./pool.ts";
import { createRetry } from "./retry.ts";

export interface MysqlOptions {
  /** The most connections that are open at a time. Default 10. */
  readonly connections?: number;
  /** How many statements and transactions may wait for a connection. Default 1000. */
  readonly queueLimit?: number;
  /** How long one waits for a connection. Default 5000. */
  readonly waitMs?: number;
  /** Default 5000. */
  readonly connectTimeoutMs?: number;
  /** How long a statement may take. Default 10000. */
  readonly statementTimeoutMs?: number;
  /** For how long work that lost a lock to others is tried again, milliseconds. Default 10000. */
  readonly retryForMs?: number;
  /** How long a migration waits for one that another process runs. Default ten minutes. */
  readonly migrationWaitSeconds?: number;
  /** Sees the text of every statement, never its values. */
  readonly onStatement?: (sql: string) => void;
}

const DEFAULTS = {
  connections: 10,
  queueLimit: 1000,
  waitMs: 5000,
  connectTimeoutMs: 5000,
  statementTimeoutMs: 10_000,
  retryForMs: 10_000,
  migrationWaitSeconds: 600,
  lockWaitSeconds: 3,
  trustedIdleMs: 15_000,
};

/** For changes of large tables, which take long: the longest that a timer of Node.js can wait. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Opens a database on MySQL 5.7, MySQL 8 or MariaDB 10.6 and newer. It does not migrate. A connection that is lost
 * fails what ran on it with `UnavailableError` and is replaced by the next caller.
 *
 * @throws UnavailableError when the server cannot be reached, or refuses: its cause says why, in a sentence
 */
export async function openMysql(server: MysqlServer, given: MysqlOptions = {}): Promise<SqlDatabase> {
  const options = { ...DEFAULTS, ...given };
  const open = await createConnector(server, options);
  await checkVersion(open);
  return createDatabase(server, options, createPool({ ...options, open, limit: options.connections }));
}

/**
 * Like `openMysql`, but no connection is opened before a statement needs it. Then the client is loaded, and the first
 * statements wait for `prepare`. If that fails, the next statement tries again.
 *
 * @param prepare gets the same database, for statements that wait for nothing
 */
export function createMysql(
  server: MysqlServer,
  prepare: (database: SqlDatabase) => Promise<void>,
  given: MysqlOptions = {},
): SqlDatabase {
  const options = { ...DEFAULTS, ...given };
  const connector = onceDone(() => createConnector(server, options));
  const open = async () => (await connector())();
  const pool = createPool({ ...options, open, limit: options.connections });
  const prepared = onceDone(async () => {
    const connection = await pool.acquire();
    await refuseOldServer(connection).finally(() => pool.release(connection));
    await prepare(createDatabase(server, options, pool));
  });
  const acquire = async () => {
    await prepared();
    return await pool.acquire();
  };
  return createDatabase(server, options, { ...pool, acquire });
}

/** Runs until it has succeeded once. Concurrent callers share one run. */
function onceDone<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

function createDatabase(server: MysqlServer, options: Options, pool: Pool<MysqlConnection>): SqlDatabase {
  const retry = createRetry(options.retryForMs);
  const db = createKysely({ connections: pool, retry, ...onStatementOf(options) });
  return {
    db,
    transaction: (body) => retry(() => db.transaction().execute(body)),
    exclusive: async (body) => {
      const patient = await createConnector(server, { ...options, statementTimeoutMs: NO_TIMEOUT_MS });
      return await exclusively(patient, options, body);
    },
    backup: async () => undefined,
    ping: () => writeNothing(db),
    close: () => pool.close(),
  };
}

type Options = typeof DEFAULTS & Pick<MysqlOptions, "onStatement">;

function onStatementOf({ onStatement }: MysqlOptions): Pick<MysqlOptions, "onStatement"> {
  return onStatement ? { onStatement } : {};
}

function createKysely(options: MysqlDriverOptions): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: mysqlDialect(options), plugins: [mysqlGrammar] });
}

/** Uses a connection of its own: the lock ends with it, even if this process dies. */
async function exclusively<T>(open: Connector, options: Options, body: ExclusiveBody<T>): Promise<T> {
  const connection = await open();
  try {
    const connections = { acquire: async () => connection, release: () => {} };
    const driver = { connections, retry: createRetry(options.retryForMs), ...onStatementOf(options) };
    const db = createKysely(driver);
    await lock(db, options.migrationWaitSeconds);
    return await body(db, createKysely({ ...driver, resumes: true }));
  } finally {
    connection.end();
  }
}

/** The name of the lock is server-wide, so it contains the name of the database. It may have 64 characters. */
async function lock(db: Kysely<Schema>, waitSeconds: number): Promise<void> {
  const { rows } = await sql<{ locked: number | null }>`
    select get_lock(concat('phonekey.', sha1(database())), ${sql.lit(waitSeconds)}) as locked`.execute(db);
  if (rows[0]?.locked !== 1) throw unavailable(new Error("another process has not finished migrating it"));
}

async function checkVersion(open: Connector): Promise<void> {
  const connection = await open();
  await refuseOldServer(connection).finally(() => connection.end());
}

async function refuseOldServer(connection: MysqlConnection): Promise<void> {
  const version = await versionOf(connection);
  if (isTooOld(version)) {
    const sentence = `the server is version ${version}; MySQL 5.7, MySQL 8 or MariaDB 10.6 is the least`;
    throw unavailable(new Error(sentence));
  }
}

async function versionOf(connection: MysqlConnection): Promise<string> {
  const [row] = (await connection.run("select version() as version")) as { readonly version?: unknown }[];
  return String(row?.version);
}

/** MariaDB names itself in its version, sometimes behind a `5.5.5-` for old clients. */
export function isTooOld(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, "")) ?? [];
  const [leastMajor, leastMinor] = /mariadb/i.test(version) ? [10, 6] : [5, 7];
  const [number, rest] = [Number(major), Number(minor)];
  return !(number > leastMajor || (number === leastMajor && rest >= leastMinor));
}
