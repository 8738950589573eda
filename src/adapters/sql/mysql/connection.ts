import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { Connection, ConnectionOptions, QueryError, QueryResult } from "mysql2";
import type { Bindable } from "../statements/values.ts";
import { asFault, endsConnection, unavailable } from "./errors.ts";
import type { Pooled } from "./pool.ts";
import { runPrepared } from "./prepared.ts";

/** A server and a database on it, as `DATABASE_URL` names them. */
export interface MysqlServer {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, instead of host and port. */
  readonly socketPath?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Encrypted; the server's certificate is verified, including its name. */
  readonly tls?: {
    /** The name that the certificate must bear. */
    readonly serverName: string;
    /** The trusted authorities as PEM; if absent, those of Node.js. */
    readonly caFile?: string;
  };
}

export interface ConnectionTimes {
  readonly connectTimeoutMs: number;
  /** A statement that takes longer is abandoned, together with its connection. */
  readonly statementTimeoutMs: number;
  /** How long the server lets a statement wait for another transaction's lock. */
  readonly lockWaitSeconds: number;
}

/** Opens a new connection with each call. Rejects as `asFault` says. */
export type Connector = () => Promise<MysqlConnection>;

/** One connection. It runs its statements one after the other. */
export interface MysqlConnection extends Pooled {
  /** With values the statement is prepared, once for each text. Without values it is run as it is. */
  run(sql: string, values?: readonly Bindable[]): Promise<QueryResult>;
  /** Cuts it. What runs rejects. */
  destroy(): void;
}

interface Opening extends MysqlConnection {
  /** Once it may be used. */
  connected(): Promise<void>;
}

/** Servers keep 16382 prepared statements by default, for all connections together. */
const MOST_PREPARED = 128;
const PING_TIMEOUT_MS = 1000;
const KEEP_ALIVE_MS = 10_000;
/**
 * The server ends a connection that is idle for this long. That also frees the locks of a process that stands still, or
 * whose machine is gone: by default the server would wait for eight hours. Longer than the minute from one sweep to the
 * next.
 */
const SILENT_SECONDS = 120;
/** Text that is too long is refused, not cut. */
const SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION";

/**
 * Prepares to connect: reads the CA file and loads the client.
 *
 * @throws Error when the CA file cannot be read
 */
export async function createConnector(server: MysqlServer, times: ConnectionTimes): Promise<Connector> {
  const { createConnection } = await import("mysql2");
  const options = connectionOptions(server, times);
  return async () => {
    const socket = openSocket(server);
    const client = createConnection({ ...options, stream: () => socket });
    const connection = createMysqlConnection(client, socket, times);
    try {
      await connection.connected();
      for (const sql of sessionSettings(times)) await connection.run(sql);
      return connection;
    } catch (error) {
      connection.destroy();
      throw asFault(error);
    }
  };
}

function connectionOptions(server: MysqlServer, { connectTimeoutMs }: ConnectionTimes): ConnectionOptions {
  const { user, password, database, tls } = server;
  return {
    user,
    password,
    database,
    connectTimeout: connectTimeoutMs,
    charset: "utf8mb4_bin",
    timezone: "Z",
    trace: false,
    maxPreparedStatements: MOST_PREPARED,
    // An update reports how many rows it matched, as in SQLite, and not how many it changed. No server may ask for a
    // file of ours.
    flags: ["FOUND_ROWS", "-LOCAL_FILES"],
    ...(tls && {
      // If `stream` is given, this is only the name that the certificate must bear.
      host: tls.serverName,
      ssl: { verifyIdentity: true, minVersion: "TLSv1.2", ...(tls.caFile && { ca: readCa(tls.caFile) }) },
    }),
  };
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unavailable(new Error("the CA file that DATABASE_URL names cannot be read", { cause: error }));
  }
}

/**
 * A socket of our own can be cut at once; mysql2 would wait for the other side to agree. It keeps no process alive:
 * callers that wait for an answer have a timer that does.
 */
function openSocket({ socketPath, host, port }: MysqlServer): Socket {
  if (socketPath !== undefined) return connect(socketPath).unref();
  return connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  }).unref();
}

/** Independent of the server's own settings. READ COMMITTED sees the row that an insert collided with. */
function sessionSettings({ lockWaitSeconds }: ConnectionTimes): readonly string[] {
  return [
    "set names utf8mb4 collate utf8mb4_bin",
    "set session transaction isolation level read committed",
    `set session autocommit = 1, sql_mode = '${SQL_MODE}', innodb_lock_wait_timeout = ${lockWaitSeconds}`,
    `set session wait_timeout = ${SILENT_SECONDS}, completion_type = 'NO_CHAIN'`,
  ];
}

function createMysqlConnection(client: Connection, socket: Socket, times: ConnectionTimes): Opening {
  let open = true;
  const waiting = new Set<(error: Error) => void>();
  /** Tells all callers that wait for an answer: mysql2 tells nobody if a connection closes without an error. */
  const lose = (error: Error) => {
    open = false;
    for (const reject of waiting) reject(error);
    socket.destroy();
    client.destroy();
  };
  // Without a listener an error would end the process.
  client.on("error", lose);
  const onClosed = () => lose(lost("the database closed the connection"));
  client.on("end", onClosed);
  socket.on("close", onClosed);

  const inTime = <T>(ms: number, start: (done: Done<T>) => void) =>
    new Promise<T>((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer);
        waiting.delete(fail);
        reject(error);
      };
      const timer = setTimeout(() => lose(lost(`the database did not answer within ${ms} ms`)), ms);
      waiting.add(fail);
      if (!open) return fail(lost("the connection was lost"));
      start((error, result) => {
        if (error) fail(error);
        if (endsConnection(error)) lose(lost("the connection is of no use any more"));
        clearTimeout(timer);
        waiting.delete(fail);
        resolve(result);
      });
    });

  return {
    connected: () =>
      inTime<void>(times.connectTimeoutMs, (done) => client.connect((error) => done(error, undefined))),
    run: (sql, values) =>
      inTime<QueryResult>(times.statementTimeoutMs, (done) =>
        values?.length ? runPrepared(client, sql, values, done) : client.query(sql, done),
      ),
    isOpen: () => open && !socket.destroyed,
    answers: () =>
      inTime<void>(PING_TIMEOUT_MS, (done) => client.ping((error) => done(error, undefined))).then(
        () => true,
        () => false,
      ),
    end() {
      open = false;
      client.end(() => socket.destroy());
    },
    destroy: () => lose(lost("the connection was cut")),
  };
}

/** No longer usable, as mysql2 marks such errors. */
function lost(message: string): Error {
  return Object.assign(new Error(message), { fatal: true });
}

type Done<T> = (error: QueryError | null, result: T) => void;
