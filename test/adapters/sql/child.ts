import { writeSync } from "node:fs";
import type { SqlDatabase } from "../../../src/adapters/sql/database.ts";
import { MIGRATIONS, type Migration } from "../../../src/adapters/sql/migrations/list.ts";
import { migrate } from "../../../src/adapters/sql/migrations/migrate.ts";
import type { MysqlServer } from "../../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../../src/adapters/sql/mysql/open.ts";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores, type SqlStores } from "../../../src/adapters/sql/stores.ts";
import type { Limit } from "../../../src/core/protection/limits/ports.ts";
import { addTagKey, aMessage, aSession, aUser, fresh, NOW, parallel } from "../../contracts/samples.ts";

/**
 * A process of its own on a database: `child <what to do> <where> [id]`, where a path is that of a SQLite file and an
 * object a `MysqlServer`. It prints its results as JSON.
 */
const [what = "", where = "", id = ""] = process.argv.slice(2);
const clock = { now: () => NOW };

async function writeAll({ users, sessions, messages, ledger, keys }: SqlStores): Promise<void> {
  const key = await addTagKey(keys, { id: "tag-key" });
  const user = aUser(`${key.id}.kept`, { id: "kept-user" });
  await users.signIn({ user, session: aSession(user.id, { id: "kept-session" }) });
  await sessions.open(aSession(user.id, { id: "ended-session" }));
  await sessions.end(user.id, "ended-session", NOW);
  await messages.create(aMessage({ id: "kept-message", phoneTag: user.phoneTag }));
  await ledger.record("kept-guess", user.phoneTag, "stranger", { at: NOW, codeLength: 6 });
}

async function writeHalf({ transaction }: SqlDatabase): Promise<void> {
  await transaction(async (trx) => {
    await trx
      .insertInto("events")
      .values({ type: "sign_up", user_id: "half", session_id: null, at: NOW })
      .execute();
    killMyself();
  });
}

/** Like the first migration, but killed after this many steps. */
function dyingAfter(steps: number): Migration[] {
  const [first] = MIGRATIONS;
  const up = async (db: SqlDatabase["db"]) => {
    let made = 0;
    const counting = db.withPlugin({
      transformQuery({ node }) {
        made += 1;
        if (made > steps) killMyself();
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    await first?.up(counting);
  };
  return [{ id: 1, name: "0001-first-schema", up }];
}

/** Takes from the counter that `id` describes, as fast as possible. Resolves with how many takes passed. */
async function takeMany({ limits }: SqlStores): Promise<number> {
  const { takes, ...limit } = JSON.parse(id) as Limit & { readonly takes: number };
  const taken = await parallel(takes, () => limits.take({ member: fresh("m"), limits: [limit] }, NOW));
  return taken.filter(({ ok }) => ok).length;
}

async function open(): Promise<SqlDatabase> {
  if (!where.startsWith("{")) return await openSqlite(`sqlite:${where}`, { busyTimeoutMs: 15_000 });
  return await openMysql(JSON.parse(where) as MysqlServer, { connections: 2 });
}

function killMyself(): void {
  process.kill(process.pid, "SIGKILL");
}

async function main(): Promise<void> {
  const database = await open();
  if (what === "die-migrating") await migrate(database, clock, { migrations: dyingAfter(Number(id)) });
  const migrated = await migrate(database, clock);
  const stores = createSqlStores(database, { clock, onStaleKey: () => {} });
  if (what === "migrate") console.log(JSON.stringify(migrated.applied));
  if (what === "guess") {
    const guesses = await parallel(125, () => stores.verifications.guess({ id, isRight: false }, NOW));
    console.log(JSON.stringify(guesses.map(({ outcome }) => outcome)));
  }
  if (what === "take") console.log(JSON.stringify(await takeMany(stores)));
  if (what === "take-and-die") {
    writeSync(1, `${await takeMany(stores)}\n`);
    killMyself();
  }
  if (what === "write-and-die") {
    await writeAll(stores);
    killMyself();
  }
  if (what === "die-half-way") await writeHalf(database);
  await database.close();
}

await main();
