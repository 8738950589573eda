import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createConnection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../../test/support/mariadb.ts";
import { type RedisServer, startRedis } from "../../test/support/redis.ts";

/** A MariaDB and a Redis of the benchmark's own, which all systems share. */
export interface Stores {
  readonly mariadb: MariadbServer;
  readonly redis: RedisServer;
  readonly mariadbPid: number;
  readonly redisPid: number;
  /** The URL of an empty database. */
  newDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** As an installation in earnest: what is answered is on disk, with the log that replicas read. */
const DURABLE = [
  "--innodb-flush-log-at-trx-commit=1",
  "--log-bin=binlog",
  "--sync-binlog=1",
  "--innodb-buffer-pool-size=512M",
  "--innodb-log-file-size=512M",
  "--max-connections=1000",
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
