import { randomUUID } from "node:crypto";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, inject } from "vitest";
import type { SqlDatabase } from "../../../src/adapters/sql/database.ts";
import { migrate } from "../../../src/adapters/sql/migrations/migrate.ts";
import type { MysqlServer } from "../../../src/adapters/sql/mysql/connection.ts";
import { type MysqlOptions, openMysql } from "../../../src/adapters/sql/mysql/open.ts";
import { createSqlStores, type SqlStores } from "../../../src/adapters/sql/stores.ts";
import type { Clock } from "../../../src/core/ports.ts";
import { type MariadbServer, startMariadb } from "./mariadb.ts";

let own: MariadbServer | undefined;

/** False only with `SKIP_SERVICES=1`. */
export function hasMariadb(): boolean {
  return inject("mariadb") !== undefined;
}

/**
 * A server for this file only, for tests that change what all clients of a server share, or that read what it counts
 * of them together: those of other files run at the same time.
 */
export function useOwnMariadb(): void {
  const shared = inject("mariadb");
  if (!shared) return;
  beforeAll(async () => {
    own = await startMariadb(shared.program);
  });
  afterAll(async () => {
    await own?.stop();
    own = undefined;
  });
}

/** Where this file's tests have their MariaDB. */
export function mariadbAddress(): Pick<MariadbServer, "port" | "socketPath"> | undefined {
  return own ?? inject("mariadb");
}

/** The server of the tests, as its root, with a database that may not be there. */
export function mariadbServer(database = "mysql"): MysqlServer {
  const address = mariadbAddress();
  if (!address) throw new Error("there is no MariaDB in this run");
  return { host: "127.0.0.1", port: address.port, user: "root", password: "", database };
}

/** Runs statements as the server's root. Resolves with the rows of the last one. */
export async function asRoot(...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const { host, port, user } = mariadbServer();
  const root = await createConnection({ host, port, user });
  try {
    let rows: unknown;
    for (const statement of statements) [rows] = await root.query(statement);
    return rows as Record<string, unknown>[];
  } finally {
    await root.end();
  }
}

/** An empty database of its own; dropped when the server's data is. */
export async function newDatabase(): Promise<MysqlServer> {
  const name = `t_${randomUUID().replaceAll("-", "")}`;
  // What the server would choose by itself must not matter.
  await asRoot(`create database ${name} character set latin1 collate latin1_swedish_ci`);
  return mariadbServer(name);
}

export interface TestMysql {
  readonly server: MysqlServer;
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  /** How often a store said that the keyring is stale. */
  staleKeys(): number;
  /** A second one on the same database, with a pool of its own. */
  another(): Promise<TestMysql>;
  /** Closes it and opens the same database again; this object is of no use afterwards. */
  reopen(): Promise<TestMysql>;
  close(): Promise<void>;
}

/** A migrated database of its own on the MariaDB of this run, with all its stores. */
export async function openTestMysql(clock: Clock, options: MysqlOptions = {}): Promise<TestMysql> {
  return await openAt(await newDatabase(), clock, options);
}

async function openAt(server: MysqlServer, clock: Clock, options: MysqlOptions): Promise<TestMysql> {
  const database = await openMysql(server, options);
  await migrate(database, clock);
  let stale = 0;
  const onStaleKey = () => {
    stale += 1;
  };
  return {
    server,
    database,
    stores: createSqlStores(database, { clock, onStaleKey }),
    staleKeys: () => stale,
    another: () => openAt(server, clock, options),
    async reopen() {
      await database.close();
      return await openAt(server, clock, options);
    },
    close: () => database.close(),
  };
}
