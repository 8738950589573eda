import { rmSync } from "node:fs";
import { sql } from "kysely";
import { createConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { migrate } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { createConnector, type MysqlServer } from "../../../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import {
  addTagKey,
  aSession,
  aUser,
  aVerification,
  fresh,
  NOW,
  parallel,
} from "../../../contracts/samples.ts";
import { temporaryFolder } from "../../../support/database.ts";
import { type Certificates, makeCertificates } from "../../../support/services/certificates.ts";
import { type MariadbServer, startMariadb } from "../../../support/services/mariadb.ts";
import {
  asRoot,
  hasMariadb,
  mariadbServer,
  openTestMysql,
  type TestMysql,
} from "../../../support/services/mysql.ts";
import { startProxy, type TcpProxy } from "../../../support/services/tcp-proxy.ts";

const clock = { now: () => NOW };

interface Answers {
  done: number;
  unavailable: number;
  readonly others: unknown[];
}

/** Keeps `width` callers busy until `stop` is called, which resolves with the counts of their answers. */
function load(width: number, call: () => Promise<unknown>) {
  const answers: Answers = { done: 0, unavailable: 0, others: [] };
  let isRunning = true;
  const caller = async () => {
    while (isRunning) {
      try {
        await call();
        answers.done += 1;
      } catch (error) {
        if (error instanceof UnavailableError) answers.unavailable += 1;
        else answers.others.push(error);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const callers = parallel(width, caller);
  return {
    answers,
    async stop() {
      isRunning = false;
      await callers;
      return answers;
    },
  };
}

/** How many statements of this database's clients sleep. */
async function sleepingIn(name: string): Promise<number> {
  const theirs = `select count(*) as n from information_schema.processlist where db = '${name}'`;
  const rows = await asRoot(`${theirs} and info like 'select sleep%'`);
  return Number(rows[0]?.n);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.runIf(hasMariadb())("mariadb: lost connections", () => {
  let opened: TestMysql;
  beforeEach(async () => {
    opened = await openTestMysql(clock, { connections: 6 });
  });
  afterEach(() => opened.close());

  const mine = async () => {
    const name = opened.server.database;
    const rows = await asRoot(`select id from information_schema.processlist where db = '${name}'`);
    return rows.map(({ id }) => Number(id));
  };

  test("T17: all of them killed again and again under load: only 503, no more connections than the pool allows, then recovery", async () => {
    const { users, keys } = opened.stores;
    const { tag } = await addTagKey(keys);
    const phones = Array.from({ length: 20 }, () => tag());
    let calls = 0;
    const running = load(20, async () => {
      calls += 1;
      const user = aUser(phones[calls % 20] ?? "");
      await users.signIn({ user, session: aSession(user.id) });
    });
    let most = 0;
    for (let round = 0; round < 10; round++) {
      await wait(100);
      const ids = await mine();
      most = Math.max(most, ids.length);
      for (const id of ids) await asRoot(`kill ${id}`).catch(() => undefined);
    }
    const { done, unavailable, others } = await running.stop();
    expect(others).toEqual([]);
    expect(unavailable).toBeGreaterThan(0);
    expect(done).toBeGreaterThan(0);
    // The server may still be clearing away a killed one when its successor comes.
    expect(most).toBeLessThanOrEqual(2 * 6);
    await expect.poll(async () => (await mine()).length).toBeLessThanOrEqual(6);
    await opened.database.ping();
    for (const phone of phones) {
      const found = await opened.database.db
        .selectFrom("users")
        .select("id")
        .where("phone_tag", "=", phone)
        .execute();
      expect(found.length).toBeLessThanOrEqual(1);
    }
  });

  test("a statement that takes too long is given up, and its connection is free for the next one", async () => {
    const hasty = await openMysql(opened.server, { statementTimeoutMs: 1_000, connections: 2 });
    const began = performance.now();
    const slow = await parallel(2, () =>
      sql`select sleep(20)`.execute(hasty.db).catch((error: unknown) => error),
    );
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const error of slow) expect(error).toBeInstanceOf(UnavailableError);
    await hasty.ping();
    await hasty.close();
  });

  test("closing waits for a running transaction and commits it", async () => {
    const { transaction, close } = opened.database;
    const other = await opened.another();
    const epoch = fresh("epoch");
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const writing = transaction(async (trx) => {
      await trx.insertInto("limit_seeds").values({ epoch }).execute();
      begin();
      await wait(200);
    });
    await begun;
    await close();
    // Read without a lock, since a lock would wait for it too.
    const written = other.database.db.selectFrom("limit_seeds").select("epoch").where("epoch", "=", epoch);
    expect(await written.execute()).toEqual([{ epoch }]);
    await writing;
    await expect(opened.database.ping()).rejects.toThrow("closed");
    await other.close();
  });
});

describe.runIf(hasMariadb())("mariadb: a network that is cut", () => {
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startProxy(mariadbServer());
  });
  afterAll(() => proxy.close());

  test("pings fail within the deadlines, and work again after the network is back", async () => {
    const direct = await openTestMysql(clock);
    const times = { statementTimeoutMs: 1_000, connectTimeoutMs: 1_000, waitMs: 1_000, connections: 3 };
    const database = await openMysql({ ...direct.server, port: proxy.port }, times);
    await parallel(3, () => database.ping());
    proxy.freeze();
    const began = performance.now();
    const cut = await parallel(12, () => database.ping().catch((error: unknown) => error));
    // Without deadlines nothing would end.
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const error of cut) expect(error).toBeInstanceOf(UnavailableError);
    proxy.thaw();
    const allAnswered = () =>
      parallel(12, () => database.ping()).then(
        () => true,
        () => false,
      );
    await expect.poll(allAnswered, { timeout: 10_000, interval: 50 }).toBe(true);
    await database.close();
    await direct.close();
  });

  test("a connection says that it does not answer when nothing comes back", async () => {
    const times = { connectTimeoutMs: 5_000, statementTimeoutMs: 5_000, lockWaitSeconds: 3 };
    const connection = await (await createConnector({ ...mariadbServer(), port: proxy.port }, times))();
    expect([await connection.answers(), connection.isOpen()]).toEqual([true, true]);
    proxy.freeze();
    expect([await connection.answers(), connection.isOpen()]).toEqual([false, false]);
    proxy.thaw();
  });

  test("a running statement fails at once when the other side closes the connection", async () => {
    const direct = await openTestMysql(clock);
    const database = await openMysql({ ...direct.server, port: proxy.port }, { connections: 2 });
    const running = sql`select sleep(20)`.execute(database.db).catch((error: unknown) => error);
    await expect.poll(() => sleepingIn(direct.server.database), { timeout: 10_000 }).toBe(1);
    const began = performance.now();
    proxy.cut();
    expect(await running).toBeInstanceOf(UnavailableError);
    expect(performance.now() - began).toBeLessThan(10_000);
    proxy.mend();
    await database.ping();
    await database.close();
    await direct.close();
  });
});

describe.runIf(hasMariadb())("mariadb: a server of the test's own", () => {
  const NAME = "mysql.test";
  let folder: string;
  let certificates: Certificates;
  let own: MariadbServer;
  let server: MysqlServer;
  beforeAll(async () => {
    folder = temporaryFolder();
    certificates = makeCertificates(folder, NAME);
    const { caFile, certFile, keyFile } = certificates;
    const tls = [`--ssl-ca=${caFile}`, `--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`];
    own = await startMariadb(inject("mariadb")?.program ?? "", tls);
    server = { host: "127.0.0.1", port: own.port, user: "root", password: "", database: "phonekey" };
    const root = await createConnection({ host: server.host, port: server.port, user: "root" });
    await root.query("create database phonekey");
    await root.end();
  });
  afterAll(async () => {
    await own.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const causeOf = (tls: NonNullable<MysqlServer["tls"]>, port = own.port) =>
    openMysql({ ...server, port, database: "mysql", tls }).then(
      async (database) => {
        await database.close();
        return "it was opened";
      },
      (error: Error) => (error.cause as Error).message,
    );

  test("TLS: a connection is encrypted, where the certificate is good and bears the name", async () => {
    const database = await openMysql({ ...server, tls: { serverName: NAME, caFile: certificates.caFile } });
    const { rows } = await sql<{ Value: string }>`show session status like 'Ssl_cipher'`.execute(database.db);
    expect(rows[0]?.Value).not.toBe("");
    await database.close();
  });

  test("TLS: a connection is refused when the authority is unknown, the name is another, or the CA file or TLS is missing", async () => {
    expect(await causeOf({ serverName: NAME })).toContain("the server's certificate is not good");
    const otherName = await causeOf({ serverName: "other.test", caFile: certificates.caFile });
    expect(otherName).toContain("the server's certificate is not good");
    expect(await causeOf({ serverName: NAME, caFile: "/nowhere.pem" })).toContain("cannot be read");
    expect(await causeOf({ serverName: NAME, caFile: certificates.caFile }, mariadbServer().port)).toContain(
      "no encrypted connections",
    );
  });

  test("a server that is killed and restarted under load loses nothing acknowledged: 503 meanwhile, then recovery", async () => {
    const database = await openMysql(server, { connections: 5, waitMs: 1000 });
    await migrate(database, clock);
    const { verifications, keys } = createSqlStores(database, { clock, onStaleKey: () => {} });
    await addTagKey(keys);
    const kept: string[] = [];
    const running = load(10, async () => {
      const verification = aVerification();
      await verifications.create(verification);
      kept.push(verification.id);
    });
    await wait(300);
    await own.kill();
    await wait(500);
    await own.restart();
    const restarted = kept.length;
    const began = performance.now();
    while (kept.length === restarted && performance.now() - began < 10_000) await wait(20);
    expect(performance.now() - began).toBeLessThan(10_000);
    await wait(200);
    const { others, unavailable } = await running.stop();
    expect(others).toEqual([]);
    expect(unavailable).toBeGreaterThan(0);
    const lost: string[] = [];
    for (const id of kept) if (!(await verifications.find(id))) lost.push(id);
    expect(lost).toEqual([]);
    expect(kept.length).toBeGreaterThan(restarted);
    await database.close();
  });
});
