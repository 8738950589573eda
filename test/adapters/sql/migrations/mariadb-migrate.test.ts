import { sql } from "kysely";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { MIGRATIONS, type Migration } from "../../../../src/adapters/sql/migrations/list.ts";
import { migrate, pendingMigrations } from "../../../../src/adapters/sql/migrations/migrate.ts";
import type { MysqlServer } from "../../../../src/adapters/sql/mysql/connection.ts";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { aVerification, NOW } from "../../../contracts/samples.ts";
import { asRoot, hasMariadb, newDatabase, openTestMysql } from "../../../support/services/mysql.ts";
import { buildChildren, type Children } from "../children.ts";
import { refusedByMysql57 } from "../mysql/mysql57.ts";

const clock = { now: () => NOW };
const NAMES = MIGRATIONS.map(({ name }) => name);

describe.runIf(hasMariadb())("mariadb: migrations", () => {
  let children: Children;
  let server: MysqlServer;
  beforeAll(async () => {
    children = await buildChildren();
  }, 60_000);
  afterAll(() => children.remove());
  beforeEach(async () => {
    server = await newDatabase();
  });

  const withDatabase = async <T>(act: (database: SqlDatabase) => Promise<T>, more = {}): Promise<T> => {
    const database = await openMysql(server, more);
    try {
      return await act(database);
    } finally {
      await database.close();
    }
  };
  const child = (...words: readonly string[]) =>
    children.run(words[0] ?? "", JSON.stringify(server), ...words.slice(1));
  const schemaOf = ({ database }: MysqlServer) =>
    asRoot(
      `select table_name, column_name, column_type, is_nullable, extra from information_schema.columns where table_schema = '${database}' order by 1, 2`,
      `select table_name, index_name, seq_in_index, column_name, non_unique from information_schema.statistics where table_schema = '${database}' order by 1, 2, 3`,
    );

  test("are applied once, by statements of MySQL 5.7, and make tables that compare byte by byte", async () => {
    const statements: string[] = [];
    const onStatement = (text: string) => void statements.push(text);
    await withDatabase(
      async (database) => {
        expect(await pendingMigrations(database)).toEqual(NAMES);
        expect(await migrate(database, clock)).toEqual({ applied: NAMES });
        expect(await migrate(database, clock)).toEqual({ applied: [] });
      },
      { onStatement },
    );
    expect(statements.filter((text) => text.startsWith("create table")).length).toBeGreaterThan(10);
    expect(statements.flatMap((text) => refusedByMysql57(text) ?? [])).toEqual([]);
    const others = await asRoot(
      `select table_name, engine, table_collation from information_schema.tables
        where table_schema = '${server.database}' and not (engine = 'InnoDB' and table_collation = 'utf8mb4_bin')`,
    );
    expect(others).toEqual([]);
    const counters = await asRoot(
      `select data_type from information_schema.columns where table_schema = '${server.database}' and extra = 'auto_increment'`,
    );
    expect(counters.length).toBeGreaterThan(0);
    expect(counters.every(({ data_type }) => data_type === "bigint")).toBe(true);
  });

  test("ten processes that start at once: one migrates, all run", async () => {
    const ended = await Promise.all(Array.from({ length: 10 }, () => child("migrate")));
    expect(ended.map(({ stderr, signal }) => [stderr, signal])).toEqual(Array(10).fill(["", undefined]));
    expect(ended.flatMap(({ stdout }) => JSON.parse(stdout) as string[])).toEqual(NAMES);
  }, 120_000);

  test("if a process is killed after any step, the next one goes on and ends with the same schema", async () => {
    const whole = await openTestMysql(clock);
    for (const steps of [0, 1, 2, 13]) {
      server = await newDatabase();
      expect((await child("die-migrating", String(steps))).signal).toBe("SIGKILL");
      await withDatabase(async (database) => {
        expect(await pendingMigrations(database)).toEqual(NAMES);
        expect(await migrate(database, clock)).toEqual({ applied: NAMES });
      });
      expect(await schemaOf(server)).toEqual(await schemaOf(whole.server));
    }
    await whole.close();
  }, 120_000);

  test("wait while another process migrates, and fail with a sentence after the set time", async () => {
    const { host, port, user, database: name } = server;
    const other = await createConnection({ host, port, user, database: name });
    await other.query("select get_lock(concat('phonekey.', sha1(database())), 1)");
    await withDatabase(
      async (database) => {
        const error = await migrate(database, clock).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(UnavailableError);
        expect(error).toMatchObject({ cause: { message: "another process has not finished migrating it" } });
        await other.end();
        expect(await migrate(database, clock)).toEqual({ applied: NAMES });
      },
      { migrationWaitSeconds: 1 },
    );
  });

  test("may take longer than a statement may", async () => {
    const slow: Migration = {
      id: MIGRATIONS.length + 1,
      name: "9999-slow",
      up: async (db) => void (await sql`select sleep(0.8)`.execute(db)),
    };
    await withDatabase(
      async (database) => {
        const { applied } = await migrate(database, clock, { migrations: [...MIGRATIONS, slow] });
        expect(applied).toContain(slow.name);
      },
      { statementTimeoutMs: 400 },
    );
  });

  test("let a process of the previous version go on with the new schema", async () => {
    const opened = await openTestMysql(clock);
    const verification = aVerification();
    await opened.stores.verifications.create(verification);
    const wider: Migration = {
      id: MIGRATIONS.length + 1,
      name: "9999-wider",
      up: async (db) =>
        void (await db.schema.alterTable("verifications").addColumn("later", "bigint").execute()),
    };
    const newer = await opened.another();
    await migrate(newer.database, clock, { migrations: [...MIGRATIONS, wider] });
    // Its statements were prepared before the migration.
    expect(await opened.stores.verifications.find(verification.id)).toEqual(verification);
    await opened.stores.verifications.create(aVerification());
    expect(
      await opened.stores.verifications.guess({ id: verification.id, isRight: true }, NOW),
    ).toMatchObject({
      outcome: "approved",
    });
    await Promise.all([opened.close(), newer.close()]);
  });

  test("refuse a database that has tables of another program", async () => {
    await asRoot(`create table ${server.database}.users (id int)`);
    await withDatabase((database) => expect(migrate(database, clock)).rejects.toThrow(/"users" that is not/));
    await asRoot(
      `drop table ${server.database}.users`,
      `create table ${server.database}.migrations (id int, migration text)`,
    );
    await withDatabase((database) =>
      expect(migrate(database, clock)).rejects.toThrow(/"migrations" that is not/),
    );
  });
});
