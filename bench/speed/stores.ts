import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../../test/support/services/mariadb.ts";
import { type RedisServer, startRedis } from "../../test/support/services/redis.ts";

/** A MariaDB and a Redis of the benchmark's own, which all systems share. */
export interface Stores {
  readonly mariadb: MariadbServer;
  readonly redis: RedisServer;
  readonly mariadbPid: number;
  readonly redisPid: number;
  /** What was asked of them since they began. */
  counts(): Promise<Counts>;
  /** The URL of an empty database. */
  newDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

export interface Counts {
  /** Statements that MariaDB was sent, and the transactions that it wrote to its log. */
  readonly statements: number;
  readonly commits: number;
  /** Calls of scripts that Redis was sent. */
  readonly scripts: number;
}

/** As an installation in earnest: what is answered is on disk, with the log that replicas read. */
const DURABLE = [
  "--innodb-flush-log-at-trx-commit=1",
  "--log-bin=binlog",
  "--sync-binlog=1",
  "--innodb-buffer-pool-size=512M",
  "--innodb-log-file-size=512M",
  // The demo ends none of its own.
  "--max-connections=20000",
];

export async function startStores(): Promise<Stores> {
  const mariadb = await startMariadb(process.env.MARIADBD_PATH ?? "mariadbd", DURABLE);
  const redis = await startRedis();
  const at = { host: "127.0.0.1", port: mariadb.port, user: "root", password: "" };
  return {
    mariadb,
    redis,
    mariadbPid: Number(readFileSync(join(dirname(mariadb.socketPath), "pid"), "utf8")),
    redisPid: Number(/process_id:(\d+)/.exec(redis.command("info", "server"))?.[1]),
    async counts() {
      const root = await createConnection(at);
      const [rows] = await root.query<RowDataPacket[]>(
        "show global status where variable_name in ('Questions', 'Binlog_commits')",
      );
      await root.end();
      const of = (name: string) => Number(rows.find(({ Variable_name: each }) => each === name)?.Value);
      const stats = redis.command("info", "commandstats");
      const scripts = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      return { statements: of("Questions"), commits: of("Binlog_commits"), scripts };
    },
    async newDatabase(name) {
      const root = await createConnection(at);
      await root.query(`drop database if exists ${name}`);
      await root.query(`create database ${name}`);
      await root.end();
      return `mysql://root@127.0.0.1:${mariadb.port}/${name}`;
    },
    async stop() {
      await Promise.all([mariadb.stop(), redis.stop()]);
    },
  };
}
