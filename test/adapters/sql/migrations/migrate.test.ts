import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MIGRATIONS, type Migration } from "../../../../src/adapters/sql/migrations/list.ts";
import { migrate, pendingMigrations } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { aKey, NOW } from "../../../contracts/samples.ts";
import { temporaryFolder } from "../../../support/database.ts";

const clock = { now: () => NOW };
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("sqlite: migrations", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, "phonekey.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const second: Migration = {
    id: MIGRATIONS.length + 1,
    name: "0002-for-the-test",
    up: async (db) => void (await sql`CREATE TABLE later (id integer)`.execute(db)),
  };

  test("are pending until they are applied, and are applied once", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    const names = MIGRATIONS.map(({ name }) => name);
    expect(await pendingMigrations(database)).toEqual(names);
    expect(await migrate(database, clock)).toEqual({ applied: names });
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await migrate(database, clock)).toEqual({ applied: [] });
    expect(existsSync(`${path}.schema-${MIGRATIONS.length}.bak`)).toBe(false);
    await database.close();
  });

  test("make partial indexes for columns in which no query looks for null, and no index on the journal", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    const { rows } = await sql<{ name: string }>`
      select name from sqlite_master
      where type = 'index' and (sql like '% is not null' or tbl_name = 'limit_journal') order by name`.execute(
      database.db,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      "messages_by_idempotency_key",
      "messages_by_provider_id",
      "sessions_by_ended_at",
      "verifications_by_device_id_phone_tag_purpose_created_at",
    ]);
    await database.close();
  });

  test("make a whole copy of the file first, readable by its owner only", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    const stores = createSqlStores(database, { clock, onStaleKey: () => {} });
    const key = aKey();
    await stores.keys.add(key);
    const { applied, backup = "" } = await migrate(database, clock, { migrations: [...MIGRATIONS, second] });
    expect({ applied, backup }).toEqual({
      applied: [second.name],
      backup: `${path}.schema-${MIGRATIONS.length}.bak`,
    });
    expect(modeOf(backup)).toBe(0o600);
    await database.close();

    const copy = await openSqlite(`sqlite:${backup}`);
    expect(await pendingMigrations(copy, { migrations: [...MIGRATIONS, second] })).toEqual([second.name]);
    expect(await createSqlStores(copy, { clock, onStaleKey: () => {} }).keys.list()).toEqual([key]);
    await copy.close();
  });

  test("leave everything as it was when one fails, and can be run again", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    const failing: Migration = {
      ...second,
      async up(db) {
        await second.up(db);
        throw new Error("half way");
      },
    };
    await expect(migrate(database, clock, { migrations: [...MIGRATIONS, failing] })).rejects.toThrow(
      "half way",
    );
    expect(await pendingMigrations(database, { migrations: [...MIGRATIONS, second] })).toEqual([second.name]);
    expect(await migrate(database, clock, { migrations: [...MIGRATIONS, second] })).toMatchObject({
      applied: [second.name],
    });
    await database.close();
  });

  test("a newer database is left alone by an older program", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock, { migrations: [...MIGRATIONS, second] });
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await migrate(database, clock)).toEqual({ applied: [] });
    await database.close();
  });

  const contracting: Migration = { ...second, name: "0099-contract-for-the-test" };
  const withContracting = { migrations: [...MIGRATIONS, contracting] };

  test("a contracting migration waits until it is asked for", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    expect(await migrate(database, clock, withContracting)).toMatchObject({
      applied: MIGRATIONS.map(({ name }) => name),
    });
    expect(await pendingMigrations(database, withContracting)).toEqual([]);
    const { applied } = await migrate(database, clock, { ...withContracting, contract: true });
    expect(applied).toEqual([contracting.name]);
    await database.close();
  });

  test("a database with a newer contracting migration is refused by an older program", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock, { ...withContracting, contract: true });
    const refused = /^the database was migrated by a newer version of Phonekey, and needs that version/;
    await expect(pendingMigrations(database)).rejects.toThrow(refused);
    await expect(migrate(database, clock)).rejects.toThrow(refused);
    await database.close();
  });

  test("refuse a database that has tables of another program", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await sql`CREATE TABLE sessions (sid text)`.execute(database.db);
    await expect(migrate(database, clock)).rejects.toThrow('a table "sessions" that is not Phonekey\'s');
    await database.close();
  });

  test("have ids without gaps", () => {
    expect(MIGRATIONS.map(({ id }) => id)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });
});
