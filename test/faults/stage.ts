import { randomBytes } from "node:crypto";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { inject } from "vitest";
import { FREELY } from "../process/client.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { type MariadbServer, startMariadb } from "../support/services/mariadb.ts";
import { type RedisServer, startRedis } from "../support/services/redis.ts";
import { type Keep, startTogether } from "../support/services/start-together.ts";
import { startProxy, type TcpProxy } from "../support/services/tcp-proxy.ts";

const PROCESSES = 3;
const CONNECTIONS = 5;
const DATABASE = "phonekey";
/** The processes' own user, so that the tests' own statements are not counted. */
const USER = "phonekey";

/** Server processes under load, and what the stores under them know. */
export interface Ground {
  readonly servers: RunningServer[];
  /** The first verification of every attacked phone, with all that happened to it. */
  readonly attacked: Set<string>;
  /** When Redis last lost its memory, epoch milliseconds; verifications from before may be gone. */
  redisLostAt: number;
  /** The rows of a statement that the database runs for the tests. */
  rows(sql: string, ...values: readonly (string | number)[]): Promise<readonly Row[]>;
  /** How many of these verifications the state store knows. */
  known(verificationIds: readonly string[]): Promise<number>;
  /** The connections of the database, if it is a server. */
  readonly connections?: Connections;
}

export type Row = Readonly<Record<string, unknown>>;

interface Connections {
  /** The most connections that the pools of all processes may have together. */
  readonly most: number;
  /** The ids of the present connections. */
  list(): Promise<readonly number[]>;
}

/** Three processes on MariaDB, and on Redis if it keeps the state; the way to each can be broken. */
export interface Stage extends Ground {
  readonly mariadb: MariadbServer;
  readonly redis: RedisServer;
  readonly toMariadb: TcpProxy;
  readonly toRedis: TcpProxy;
  readonly connections: Connections;
  /** Kills this process as `kill -9` does, and starts it again in the same place. */
  replace(index: number): Promise<void>;
  close(): Promise<void>;
}

/** @param stateIn where verifications and limits live */
export function startStage(stateIn: "redis" | "database"): Promise<Stage> {
  return startTogether((keep) => startKept(stateIn, keep));
}

async function startKept(stateIn: "redis" | "database", keep: Keep): Promise<Stage> {
  const starting = [keep(startMariadb(inject("mariadb")?.program ?? "")), keep(startRedis())] as const;
  const [mariadb, redis] = await Promise.all(starting);
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
    attacked: new Set(),
    redisLostAt: 0,
    rows,
    known: (ids) => (stateIn === "redis" ? knownToRedis(redis, ids) : knownToDatabase(rows, ids)),
    connections: {
      most: PROCESSES * CONNECTIONS,
      async list() {
        // A connection that is being killed is still listed for a moment.
        const theirs = "select id from information_schema.processlist where user = ? and command <> 'Killed'";
        return (await rows(theirs, USER)).map(({ id }) => Number(id));
      },
    },
    async replace(index) {
      const server = servers[index];
      if (!server) throw new Error(`there is no process ${index}`);
      await server.kill();
      servers[index] = await startServer({ env, folder: server.folder, port: server.port });
    },
    async close() {
      try {
        await Promise.all(servers.map((server) => server.kill()));
      } finally {
        for (const proxy of [toMariadb, toRedis]) proxy.close();
        await Promise.all([mariadb.stop(), redis.stop()]);
      }
    },
  };
}

async function knownToRedis({ command }: RedisServer, ids: readonly string[]): Promise<number> {
  return ids.length > 0 ? Number(command("exists", ...ids.map((id) => `phonekey:{${id}}`))) : 0;
}

/** Also asks the database if it is the state store. */
export async function knownToDatabase(rows: Ground["rows"], ids: readonly string[]): Promise<number> {
  const holders = ["'none'", ...ids.map(() => "?")].join(",");
  const found = await rows(`select count(*) as n from verifications where id in (${holders})`, ...ids);
  return Number(found[0]?.n);
}

/** Each statement has a new connection that bypasses the proxy: the server may have been killed in between. */
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
