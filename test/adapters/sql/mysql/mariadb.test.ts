import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import type { MysqlServer } from "../../../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import {
  addTagKey,
  aKey,
  aSession,
  aUser,
  aVerification,
  fresh,
  NOW,
  parallel,
} from "../../../contracts/samples.ts";
import {
  asRoot,
  hasMariadb,
  mariadbAddress,
  newDatabase,
  openTestMysql,
  type TestMysql,
  useOwnMariadb,
} from "../../../support/services/mysql.ts";

useOwnMariadb();

const clock = { now: () => NOW };

/** The sentence that an operator reads at the terminal. */
async function sentenceOf(opening: Promise<SqlDatabase>): Promise<string> {
  const error = await opening.then(
    async (database) => {
      await database.close();
      return undefined;
    },
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UnavailableError);
  return String(((error as Error).cause as Error).message);
}

/** How many connections this database's clients have. */
async function connectionsTo(name: string): Promise<number> {
  const rows = await asRoot(`select count(*) as n from information_schema.processlist where db = '${name}'`);
  return Number(rows[0]?.n);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it never came true");
}

describe.runIf(hasMariadb())("mariadb: opening", () => {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await newDatabase();
    await asRoot(
      "create user 'carl'@'%' identified by 'right'",
      `grant select on ${server.database}.* to 'carl'@'%'`,
    );
  });
  afterAll(async () => void (await asRoot("drop user 'carl'@'%'")));
  const carl = { user: "carl", password: "right" };

  test("works by host and by Unix socket", async () => {
    const socketPath = mariadbAddress()?.socketPath ?? "";
    for (const where of [{}, { host: "nowhere.invalid", socketPath }]) {
      const database = await openMysql({ ...server, ...where, ...carl });
      await sql`select 1`.execute(database.db);
      await database.close();
    }
  });

  test("a wrong password, user or database gives a sentence that names none of them", async () => {
    const password = await sentenceOf(openMysql({ ...server, ...carl, password: "wr0ng" }));
    expect(password).toBe("the server refused the user or the password");
    const user = await sentenceOf(openMysql({ ...server, user: "nob0dy" }));
    expect(user).toBe("the server refused the user or the password");
    const database = await sentenceOf(openMysql({ ...server, database: "n0where" }));
    expect(database).toBe("the server has no database of this name");
    const alien = await sentenceOf(openMysql({ ...server, ...carl, database: "n0where" }));
    expect(alien).toBe("the database's user may not use this database, or there is none of this name");
  });

  test("a server that cannot be reached gives the cause", async () => {
    expect(await sentenceOf(openMysql({ ...server, port: 1 }))).toContain("ECONNREFUSED");
    expect(await sentenceOf(openMysql({ ...server, socketPath: "/nowhere.sock" }))).toContain("ENOENT");
  });

  test("leaves no connection behind when it fails, and none after closing", async () => {
    await Promise.allSettled(
      Array.from({ length: 20 }, () => openMysql({ ...server, ...carl, password: "wrong" })),
    );
    const database = await openMysql({ ...server, ...carl });
    await parallel(20, () => sql`select 1`.execute(database.db));
    await database.close();
    await until(async () => (await connectionsTo(server.database)) === 0);
  });

  test("a missing right is named", async () => {
    const database = await openMysql({ ...server, ...carl });
    const error = await sql`create table mine (id int)`
      .execute(database.db)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: "UnavailableError",
      cause: { message: "the database's user lacks a right on a table: CREATE" },
    });
    await database.close();
  });
});

describe.runIf(hasMariadb())("mariadb: what is stored", () => {
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql(clock);
  });
  afterAll(() => opened.close());

  test("ids are compared byte by byte, whatever the server's default collation is", async () => {
    const { verifications } = opened.stores;
    const lower = aVerification({ id: "abc-ä" });
    const upper = aVerification({ id: "ABC-Ä" });
    await verifications.create(lower);
    await verifications.create(upper);
    expect(await verifications.find("abc-ä")).toEqual(lower);
    expect(await verifications.find("Abc-a")).toBeUndefined();
  });

  test("every character and the largest safe number are kept", async () => {
    const { users, keys } = opened.stores;
    const { tag } = await addTagKey(keys);
    const user = aUser(tag(), { name: "\u{1F468}‍\u{1F469} 王\\'\"`?", createdAt: Number.MAX_SAFE_INTEGER });
    const { userId: _, ...session } = aSession("");
    await users.signIn({ user, session });
    expect(await users.find(user.id)).toEqual(user);
  });

  test("text that is too long is refused, not cut", async () => {
    const { verifications } = opened.stores;
    const long = aVerification({ holder: "x".repeat(65) });
    await expect(verifications.create(long)).rejects.toThrow(/too long/);
    expect(await verifications.find(long.id)).toBeUndefined();
  });

  test("values that SQLite refuses are refused", async () => {
    for (const value of [true, Number.NaN, undefined, {}, new Date(0)]) {
      const insert = sql`insert into limit_seeds (epoch) values (${value})`.execute(opened.database.db);
      await expect(insert).rejects.toThrow(TypeError);
    }
  });

  test("an update tells how many rows it matched, even if it changed none", async () => {
    const { keys } = opened.stores;
    const key = aKey();
    await keys.add(key);
    const same = { wrapped: key.wrapped, secretId: key.secretId };
    expect(await keys.rewrap(key.id, key.secretId, same)).toBe(true);
    expect(await keys.rewrap(key.id, key.secretId, same)).toBe(true);
  });

  test("a session has the isolation, mode, character set and time limits that Phonekey sets", async () => {
    const { rows } = await sql<Record<string, unknown>>`
      select @@session.tx_isolation as isolation, @@session.sql_mode as mode, @@session.character_set_client as charset,
        @@session.autocommit as autocommit, @@session.wait_timeout as silentSeconds,
        @@session.innodb_lock_wait_timeout as lockWaitSeconds`.execute(opened.database.db);
    expect(rows).toEqual([
      {
        isolation: "READ-COMMITTED",
        mode: "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
        charset: "utf8mb4",
        autocommit: 1,
        silentSeconds: 120,
        // Less than a statement may take: a statement that waits for a lock is run again, not given up.
        lockWaitSeconds: 3,
      },
    ]);
  });

  test("each statement text is prepared once for a connection", async () => {
    const one = await openTestMysql(clock, { connections: 1 });
    const prepared = async () =>
      Number((await asRoot("show global status like 'Com_stmt_prepare'"))[0]?.Value);
    await one.stores.verifications.find("warm");
    const before = await prepared();
    for (let n = 0; n < 50; n++) await one.stores.verifications.find(`${n}`);
    expect((await prepared()) - before).toBe(0);
    await one.close();
  });

  test("a connection keeps at most 128 prepared statements, since the server limits those of all clients together", async () => {
    const one = await openTestMysql(clock, { connections: 1 });
    const kept = async () =>
      Number((await asRoot("show global status like 'Prepared_stmt_count'"))[0]?.Value);
    const before = await kept();
    for (let n = 0; n < 200; n++) await sql`select ${n} as ${sql.id(`n${n}`)}`.execute(one.database.db);
    expect((await kept()) - before).toBeLessThanOrEqual(128);
    await one.close();
  });
});

describe.runIf(hasMariadb())("mariadb: limits of the server", () => {
  test("a user's limit of connections and a read-only server are UnavailableError, and later statements succeed", async () => {
    const { server, close } = await openTestMysql(clock);
    await asRoot(
      "create user 'few'@'%' identified by 'x' with max_user_connections 2",
      `grant all on ${server.database}.* to 'few'@'%'`,
    );
    const few = await openMysql({ ...server, user: "few", password: "x" }, { connections: 6, waitMs: 300 });
    const asked = await Promise.allSettled(
      Array.from({ length: 6 }, () => sql`select sleep(0.3)`.execute(few.db)),
    );
    const failed = asked.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    expect(failed.length).toBeGreaterThan(0);
    for (const reason of failed) expect(reason).toBeInstanceOf(UnavailableError);
    await few.ping();

    const insert = () =>
      few.db
        .insertInto("limit_seeds")
        .values({ epoch: fresh("epoch") })
        .execute();
    const connection = async () => (await sql`select connection_id() as id`.execute(few.db)).rows[0];
    const before = await connection();
    await asRoot("set global read_only = 1");
    await expect(insert()).rejects.toThrow(UnavailableError);
    // The name may lead to a new primary by now.
    expect(await connection()).not.toEqual(before);
    await expect(few.ping()).rejects.toThrow(UnavailableError);
    await asRoot("set global read_only = 0");
    await insert();
    await few.ping();
    await few.close();
    await close();
    await asRoot("drop user 'few'@'%'");
  });

  test("writes are committed even if the server chains transactions (completion_type)", async () => {
    await asRoot("set global completion_type = 'CHAIN'");
    const one = await openTestMysql(clock, { connections: 1 }).finally(() =>
      asRoot("set global completion_type = 'NO_CHAIN'"),
    );
    await one.database.transaction(async () => {});
    const epoch = fresh("epoch");
    await one.database.db.insertInto("limit_seeds").values({ epoch }).execute();
    expect(await asRoot(`select epoch from ${one.server.database}.limit_seeds`)).toEqual([{ epoch }]);
    await one.close();
  });

  test("a thousand failing statements use no more connections than the pool has", async () => {
    const opened = await openTestMysql(clock, { connections: 4 });
    const { db, transaction } = opened.database;
    let most = 0;
    const watching = setInterval(async () => {
      most = Math.max(most, await connectionsTo(opened.server.database));
    }, 50);
    await parallel(1000, async (index) => {
      const bad =
        index % 2 ? sql`select nothing from nowhere`.execute(db) : transaction(() => Promise.reject());
      await bad.catch(() => undefined);
    });
    clearInterval(watching);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(4);
    await opened.stores.limits.seed("still works", []);
    await opened.close();
  });
});
