import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrate, pendingMigrations } from "../../../src/adapters/sql/migrate.ts";
import { MIGRATIONS, type Migration } from "../../../src/adapters/sql/migrations.ts";
import { openSqlite } from "../../../src/adapters/sql/sqlite.ts";
import { createSqlStores } from "../../../src/adapters/sql/stores.ts";
import { aKey, NOW } from "../../contracts/samples.ts";
import { temporaryFolder } from "../../support/database.ts";

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

  test("are pending until applied, and then not again", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    const names = MIGRATIONS.map(({ name }) => name);
    expect(await pendingMigrations(database)).toEqual(names);
    expect(await migrate(database, clock)).toEqual({ applied: names });
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await migrate(database, clock)).toEqual({ applied: [] });
    expect(existsSync(`${path}.schema-1.bak`)).toBe(false);
    await database.close();
  });

  test("copy what is there beside it first, whole and for nobody else to read", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    const stores = createSqlStores(database, { clock, onStaleKey: () => {} });
    const key = aKey();
    await stores.keys.add(key);
    const { applied, backup = "" } = await migrate(database, clock, [...MIGRATIONS, second]);
    expect({ applied, backup }).toEqual({ applied: [second.name], backup: `${path}.schema-1.bak` });
    expect(modeOf(backup)).toBe(0o600);
    await database.close();

    const copy = await openSqlite(`sqlite:${backup}`);
    expect(await pendingMigrations(copy, [...MIGRATIONS, second])).toEqual([second.name]);
    expect(await createSqlStores(copy, { clock, onStaleKey: () => {} }).keys.list()).toEqual([key]);
    await copy.close();
  });

  test("one that fails leaves everything as it was, and can be tried again", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    const failing: Migration = {
      ...second,
      async up(db) {
        await second.up(db);
        throw new Error("half way");
      },
    };
    await expect(migrate(database, clock, [...MIGRATIONS, failing])).rejects.toThrow("half way");
    expect(await pendingMigrations(database, [...MIGRATIONS, second])).toEqual([second.name]);
    expect(await migrate(database, clock, [...MIGRATIONS, second])).toMatchObject({ applied: [second.name] });
    await database.close();
  });

  test("an older program leaves a newer database alone", async () => {
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock, [...MIGRATIONS, second]);
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await migrate(database, clock)).toEqual({ applied: [] });
    await database.close();
  });

  test("have ids without gaps", () => {
    expect(MIGRATIONS.map(({ id }) => id)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });
});
