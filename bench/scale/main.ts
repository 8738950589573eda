import { createConnection } from "mysql2/promise";
import { readOptions } from "../../test/support/options.ts";
import { startMariadb } from "../../test/support/services/mariadb.ts";
import { fill, sizesOf } from "./fill.ts";
import { install } from "./installation.ts";
import { type Measured, measure, type Options } from "./measure.ts";
import { reportOf } from "./report.ts";

const DEFAULTS = {
  users: { type: "string", default: "100000" },
  messages: { type: "string", default: "3" },
  pools: { type: "string", default: "1G" },
  rounds: { type: "string", default: "8" },
  cycles: { type: "string", default: "60" },
  connections: { type: "string", default: "128" },
  seconds: { type: "string", default: "4" },
  json: { type: "boolean", default: false },
} as const;

/**
 * As an installation in earnest: what is answered is on disk, with the log that replicas read, and no page comes from
 * the system's cache.
 */
const DURABLE = [
  "--innodb-flush-log-at-trx-commit=1",
  "--log-bin=binlog",
  "--sync-binlog=1",
  "--innodb-flush-method=O_DIRECT",
  "--innodb-log-file-size=2G",
  "--max-connections=1000",
];

function log(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
}

async function main(): Promise<void> {
  const values = readOptions(DEFAULTS);
  const users = Number(values.users);
  const options: Options = {
    users,
    pools: values.pools.split(","),
    rounds: Number(values.rounds),
    cycles: Number(values.cycles),
    connections: Number(values.connections),
    roundMs: Number(values.seconds) * 1_000,
  };
  const mariadb = await startMariadb(process.env.MARIADBD_PATH ?? "mariadbd", DURABLE);
  try {
    const at = { host: "127.0.0.1", port: mariadb.port, user: "root", password: "" };
    const root = await createConnection(at);
    for (const name of ["bare", "filled", "counters"]) await root.query(`create database ${name}`);
    await root.end();
    const [bare, filled] = [
      await install({ ...at, database: "bare" }),
      await install({ ...at, database: "filled" }),
    ];
    const messages = users * Number(values.messages);
    await fill(filled, { users, sessions: users, messages, events: users * 2, failures: users / 10 }, log);
    const sizes = await sizesOf(filled);
    const measured: Measured = await measure({ bare, filled }, options, log);
    console.log(
      values.json ? JSON.stringify({ options, sizes, ...measured }) : reportOf(options, sizes, measured),
    );
  } finally {
    await mariadb.stop();
  }
}

await main();
