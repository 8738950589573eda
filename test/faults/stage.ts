import { randomBytes } from "node:crypto";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { inject } from "vitest";
import { FREELY } from "../process/client.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { startProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const PROCESSES = 3;
const CONNECTIONS = 5;
const DATABASE = "phonekey";
/** The processes' own user: what the tests ask the database themselves is not counted. */
const USER = "phonekey";

/** Three server processes, and what they stand on; the way to each store can be broken. */
export interface Stage {
  readonly servers: RunningServer[];
  readonly mariadb: MariadbServer;
  readonly redis: RedisServer;
  readonly toMariadb: TcpProxy;
  readonly toRedis: TcpProxy;
  /** The most connections that the pools of all processes may have together. */
  readonly pools: number;
  /** The first verification of every phone at which wrong codes are tried, with all that happened to it. */
  readonly attacked: Set<string>;
  /** When Redis lost its memory last, epoch milliseconds; verifications of before may be gone. */
  redisLostAt: number;
  /** The rows of a statement that the database's root runs. */
  rows(sql: string, ...values: readonly (string | number)[]): Promise<RowDataPacket[]>;
  /** The ids of the processes' connections to the database. */
  connections(): Promise<readonly number[]>;
  /** Kills this process as `kill -9` does, and starts it again in the same place. */
  replace(index: number): Promise<void>;
  close(): Promise<void>;
}

/** @param stateIn where verifications and limits live */
export async function startStage(stateIn: "redis" | "database"): Promise<Stage> {
  const [mariadb, redis] = await Promise.all([startMariadb(inject("mariadb")?.program ?? ""), startRedis()]);
  const [toMariadb, toRedis] = await Promise.all(
    [mariadb, redis].map(({ port }) => startProxy({ host: "127.0.0.1", port })),
  );
  if (!toMariadb || !toRedis) throw new Error("a proxy is missing");
  const rows = createRows(mariadb.port);
  await rows(`create database ${DATABASE}`);
  await rows(`create user ${USER}`);
  await rows(`grant all on ${DATABASE}.* to ${USER}`);
  const env = {
    ...FREELY,
    DATABASE_URL: `mysql://${USER}@127.0.0.1:${toMariadb.port}/${DATABASE}?connections=${CONNECTIONS}`,
    STATE_URL: stateIn === "redis" ? `redis://127.0.0.1:${toRedis.port}` : "database",
    PHONEKEY_SECRETS: randomBytes(36).toString("base64"),
    PUBLIC_URL: "http://localhost:8080",
    LOG_LEVEL: "warn",
  };
  const servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer({ env })));
  return {
    servers,
    mariadb,
    redis,
    toMariadb,
    toRedis,
    pools: PROCESSES * CONNECTIONS,
    attacked: new Set(),
    redisLostAt: 0,
    rows,
    async connections() {
      // What is being killed is still listed for a moment.
      const theirs = "select id from information_schema.processlist where user = ? and command <> 'Killed'";
      return (await rows(theirs, USER)).map(({ id }) => Number(id));
    },
    async replace(index) {
      const server = servers[index];
      if (!server) throw new Error(`there is no process ${index}`);
      await server.kill();
      servers[index] = await startServer({ env, folder: server.folder, port: server.port });
    },
    async close() {
      await Promise.all(servers.map((server) => server.kill()));
      for (const proxy of [toMariadb, toRedis]) proxy.close();
      await Promise.all([mariadb.stop(), redis.stop()]);
    },
  };
}

/** Each time on a connection of its own, past the proxy: the server may have been killed in between. */
function createRows(port: number): Stage["rows"] {
  return async (sql, ...values) => {
    const connection = await createConnection({ host: "127.0.0.1", port, user: "root" });
    try {
      if (!/^(create|grant)/.test(sql)) await connection.query(`use ${DATABASE}`);
      const [found] = await connection.query<RowDataPacket[]>(sql, [...values]);
      return found;
    } finally {
      connection.destroy();
    }
  };
}
