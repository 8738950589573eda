import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  checkClock,
  checkIndexes,
  checkRights,
  checkSchema,
  checkTick,
  checkVersion,
} from "../../src/adapters/sql/maintenance/doctor.ts";
import { serverNow } from "../../src/adapters/sql/maintenance/server-clock.ts";
import type { MysqlServer } from "../../src/adapters/sql/mysql/connection.ts";
import { checkCharset, checkEncryption } from "../../src/adapters/sql/mysql/doctor.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { createTick } from "../../src/compose/maintenance/maintenance.ts";
import { migrateDatabase } from "../../src/compose.ts";
import type { Config } from "../../src/config.ts";
import type { Swept } from "../../src/core/maintenance/ports.ts";
import { UNOBSERVED } from "../../src/core/observer.ts";
import { refusedByMysql57 } from "../adapters/sql/mysql/mysql57.ts";
import { addSampleKey, DAY, MINUTE, NOW, parallel } from "../contracts/samples.ts";
import { createTestClock } from "../support/clock.ts";
import {
  asRoot,
  hasMariadb,
  newDatabase,
  openTestMysql,
  type TestMysql,
  useOwnMariadb,
} from "../support/services/mysql.ts";
import { testConfig } from "../support/world.ts";
import { addRow, CONFIG, isThere, KEPT_MS } from "./fixtures.ts";

useOwnMariadb();

describe.skipIf(!hasMariadb())("periodic work, on MariaDB", () => {
  let opened: TestMysql;
  let statements: string[];
  const clock = createTestClock(NOW);
  beforeEach(async () => {
    statements = [];
    opened = await openTestMysql(clock, { onStatement: (sql) => statements.push(sql) });
    await addSampleKey(opened.stores.keys);
  });
  afterEach(() => opened.close());

  const tickOf = ({ database, stores }: TestMysql) => {
    return createTick({
      config: CONFIG,
      database,
      stores,
      limits: stores.limits,
      clock,
      random: systemRandom,
      observer: UNOBSERVED,
      log: { error: () => {} },
    });
  };

  test.each(Object.keys(KEPT_MS) as Swept[])("%s: deletes what is over, and keeps the rest", async (task) => {
    const over = await addRow({ opened }, task, NOW - KEPT_MS[task] - 1);
    const last = await addRow({ opened }, task, NOW - KEPT_MS[task]);
    expect(await tickOf(opened)()).toMatchObject({ ran: true, complete: true, removed: { [task]: 1 } });
    expect(await isThere(opened.database, task, over)).toBe(false);
    expect(await isThere(opened.database, task, last)).toBe(true);
  });

  test("reads the database's time in whole milliseconds", async () => {
    const times = await parallel(5, () => serverNow(opened.database));
    expect(times.filter((at) => !Number.isInteger(at))).toEqual([]);
  });

  test("a machine whose clock is years ahead deletes nothing that the database's clock keeps", async () => {
    const now = Date.now();
    const tasks = Object.keys(KEPT_MS) as Swept[];
    const rows = await Promise.all(
      tasks.map(async (task) => [task, await addRow({ opened }, task, now + MINUTE)] as const),
    );
    clock.advance(now + 3 * 365 * DAY - clock.now());
    const { removed } = (await tickOf(opened)()) as { removed: Record<string, number> };
    clock.advance(NOW - clock.now());
    expect(Object.values(removed).filter((count) => count > 0)).toEqual([]);
    for (const [task, id] of rows) expect(await isThere(opened.database, task, id)).toBe(true);
  });

  test("is done in pieces by one of ten that start at once over several pools", async () => {
    const others = await Promise.all([opened.another(), opened.another()]);
    const at = NOW - 181 * DAY;
    const rows = Array.from({ length: 1_200 }, () => ({ user_id: "u", type: "sign_in" as const, at }));
    await opened.database.db.insertInto("events").values(rows).execute();
    const ticks = [opened, ...others].map(tickOf);
    const reports = await parallel(10, (index) => ticks[index % 3]!({ minGapMs: MINUTE }));
    expect(reports.filter((report) => report.ran)).toMatchObject([{ removed: { events: 1_200 } }]);
    const deleting = statements.filter((text) => text.startsWith("delete from `events`"));
    for (const text of deleting) expect(text.split("?").length - 1).toBeLessThanOrEqual(500);
    for (const other of others) await other.close();
  });

  test("lets requests go on while it deletes", async () => {
    const rows = Array.from({ length: 3_000 }, () => ({ user_id: "u", type: "sign_in" as const, at: 0 }));
    await opened.database.db.insertInto("events").values(rows).execute();
    const ticking = tickOf(opened)();
    const slowest = { ms: 0 };
    for (let index = 0; index < 50; index++) {
      const before = performance.now();
      await opened.database.db
        .insertInto("events")
        .values({ user_id: "v", type: "sign_in", at: NOW })
        .execute();
      slowest.ms = Math.max(slowest.ms, performance.now() - before);
    }
    await ticking;
    expect(slowest.ms).toBeLessThan(2_000);
  });
});

describe.skipIf(!hasMariadb())("the doctor, on MariaDB", () => {
  let folder: string;
  let server: MysqlServer;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
    server = await newDatabase();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const configOf = (more: Partial<MysqlServer> & { ssl?: string } = {}) => {
    const { user, password, host, port, database } = { ...server, ...more };
    const login = password ? `${user}:${password}` : user;
    const url = `mysql://${login}@${host}:${port}/${database}${more.ssl ?? ""}`;
    return testConfig(folder, { DATABASE_URL: url });
  };
  const troubles = async (config: Config = configOf(), clock = { now: () => Date.now() }) =>
    (await examineParts(config, { folder, clock })).filter(({ status }) => status !== "ok");
  const on = (...statements: string[]) => asRoot(`use ${server.database}`, ...statements);
  /** A user with these rights on this database only. */
  const userWith = async (rights: string) => {
    const user = `u${Math.floor(performance.now() * 1_000)}`;
    await asRoot(
      `create user ${user}@'%' identified by 'canary-password'`,
      `grant ${rights} on ${server.database}.* to ${user}@'%'`,
    );
    return configOf({ user, password: "canary-password" });
  };

  test("finds nothing wrong with a sound MariaDB, and leaves nothing in it", async () => {
    await migrateDatabase(configOf());
    const findings = await examineParts(configOf(), { folder });
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    const names = findings.map(({ name }) => name);
    for (const part of ["clock", "time zone", "encryption", "character set"]) {
      expect(names).toContain(`database, ${part}`);
    }
    expect(findings[0]?.says).toMatch(/^connected to \d+\.\d+\.\d+-MariaDB/);
    expect(await on("show tables like 'phonekey_doctor%'")).toEqual([]);
    expect(await on("select * from turns")).toEqual([]);
  });

  test("finds a wrong password, and a missing database", async () => {
    for (const config of [configOf({ password: "canary-password" }), configOf({ database: "nowhere" })]) {
      const found = await troubles(config);
      expect(found).toMatchObject([{ name: "database", status: "wrong" }]);
      expect(found[0]?.says).toMatch(/refused the user or the password|no database of this name/);
      expect(JSON.stringify(found)).not.toContain("canary");
    }
  });

  test("finds a user who may only read", async () => {
    await migrateDatabase(configOf());
    expect(await troubles(await userWith("select"))).toMatchObject([
      { name: "rights", status: "wrong", says: expect.stringMatching(/cannot delete rows .*DELETE/) },
    ]);
  });

  test("warns of a user who may do what the server does, but not what migrations do", async () => {
    await migrateDatabase(configOf());
    expect(await troubles(await userWith("select, insert, update, delete"))).toMatchObject([
      { name: "rights", status: "warn", says: expect.stringMatching(/cannot create tables .*CREATE/) },
    ]);
    expect(await troubles(await userWith("select, insert, update, delete, create, drop"))).toMatchObject([
      { name: "rights", status: "warn", says: expect.stringMatching(/cannot alter tables/) },
    ]);
    expect(await on("show tables like 'phonekey_doctor%'")).toEqual([]);
  });

  test.each([
    ["failures_by_phone_tag_bucket_at", "failures"],
    ["limit_journal_by_at", "limit_journal"],
  ])("finds a dropped index, %s, and gives the statement that makes it again", async (name, table) => {
    await migrateDatabase(configOf());
    await on(`drop index ${name} on ${table}`);
    const [finding] = await troubles();
    expect(finding).toMatchObject({ name: "indexes", status: "wrong" });
    await on(/`(.*)`/.exec(finding?.todo ?? "")?.[1] ?? "");
    expect(await troubles()).toEqual([]);
  });

  test("finds a table in another character set, and gives the statement that converts it", async () => {
    await migrateDatabase(configOf());
    await on("alter table events convert to character set latin1");
    const [finding] = await troubles();
    expect(finding).toMatchObject({ name: "database, character set", status: "wrong" });
    await on(/`(.*)`/.exec(finding?.todo ?? "")?.[1] ?? "");
    expect(await troubles()).toEqual([]);
  });

  test.each([
    [3, undefined],
    [-20, "warn"],
    [90, "wrong"],
  ])("judges clocks that are %i s apart: %s", async (seconds, status) => {
    await migrateDatabase(configOf());
    const found = await troubles(configOf(), { now: () => Date.now() + seconds * 1_000 });
    expect(found.find(({ name }) => name === "database, clock")?.status).toBe(status);
  });

  test("does not mind another time zone", async () => {
    await migrateDatabase(configOf());
    await asRoot("set global time_zone = '+08:00'");
    const found = await troubles();
    await asRoot("set global time_zone = 'SYSTEM'");
    expect(found).toEqual([]);
  });

  test("runs only statements that are valid in MySQL 5.7, like the periodic work", async () => {
    const clock = createTestClock(Date.now());
    const statements = new Set<string>();
    const opened = await openTestMysql(clock, { onStatement: (sql) => statements.add(sql) });
    const { database } = opened;
    await addSampleKey(opened.stores.keys);
    statements.clear();
    for (const task of Object.keys(KEPT_MS) as Swept[]) await addRow({ opened }, task, 0);
    await createTick({
      config: CONFIG,
      database,
      stores: opened.stores,
      limits: opened.stores.limits,
      clock,
      random: systemRandom,
      observer: UNOBSERVED,
      log: { error: () => {} },
    })();
    await checkVersion(database);
    await checkSchema(database, false);
    await checkRights(database, "phonekey_doctor_test");
    await checkIndexes(database);
    await checkClock(database, clock);
    await checkTick(database, clock);
    await checkEncryption(database, { isWanted: false, isLocal: false });
    await checkCharset(database);
    await opened.close();
    expect(statements.size).toBeGreaterThan(30);
    expect([...statements].flatMap((statement) => refusedByMysql57(statement) ?? [])).toEqual([]);
  });

  test("finds that the server has no TLS", async () => {
    const found = await troubles(configOf({ ssl: "?ssl=true&sslName=db.example.com" }));
    expect(found).toMatchObject([
      { name: "database", status: "wrong", says: expect.stringMatching(/encrypted|certificate/) },
    ]);
  });
});
