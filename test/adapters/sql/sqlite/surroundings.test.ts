import { closeSync, openSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { sql } from "kysely";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asFault } from "../../../../src/adapters/sql/sqlite/errors.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { aKey, aVerification, NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";

describe("sqlite: what is wrong with the file or around it", () => {
  let opened: TestDatabase;
  beforeEach(async () => {
    opened = await openTestDatabase({ now: () => NOW });
  });
  afterEach(() => opened.close());

  test("a defect of Phonekey is not taken for a database that is away", async () => {
    const error = await sql`SELECT * FROM nowhere`
      .execute(opened.database.db)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringContaining("nowhere") });
    expect(error).not.toBeInstanceOf(UnavailableError);
  });

  test.each([
    ["SQLITE_IOERR_FSYNC", 1034],
    ["SQLITE_FULL", 13],
    ["SQLITE_READONLY_DBMOVED", 1032],
    ["SQLITE_CORRUPT", 11],
    ["UNKNOWN_SQLITE_ERROR_1544", 1544],
  ])("%s means that the database is away", (code, rawCode) => {
    const error = Object.assign(new Error("from libsql"), { code, rawCode });
    expect(asFault(error)).toMatchObject({ name: "UnavailableError", cause: error });
  });

  test("an index that lacks rows of its table is UnavailableError, though libsql has no name for that error", async () => {
    await opened.stores.verifications.create(aVerification());
    const other = new Libsql(opened.path);
    other.exec("PRAGMA writable_schema = ON");
    const empty = "SELECT rootpage FROM sqlite_master WHERE name = 'notices_by_due_at'";
    other.exec(`UPDATE sqlite_master SET rootpage = (${empty}) WHERE name = 'verifications_by_expires_at'`);
    other.close();
    const damaged = await openSqlite(opened.path);
    const error = await damaged.db
      .deleteFrom("verifications")
      .where("id", "!=", "")
      .execute()
      .catch((caught: unknown) => caught);
    await damaged.close();
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ cause: { code: "UNKNOWN_SQLITE_ERROR_779" } });
  });

  test("a file that was moved or replaced takes no writes until it is put back", async () => {
    const { database, stores, path } = opened;
    const key = aKey();
    await stores.keys.add(key);
    renameSync(path, `${path}.away`);
    const refused = [stores.keys.add(aKey()), stores.verifications.create(aVerification()), database.ping()];
    const message = expect.stringContaining("was moved, deleted or replaced");
    for (const each of await Promise.allSettled(refused))
      expect(each).toMatchObject({ reason: { name: "UnavailableError", cause: { message } } });

    closeSync(openSync(path, "w"));
    await expect(database.ping()).rejects.toThrow(UnavailableError);

    // The file cannot be looked up, as in a folder that its user may not open.
    rmSync(path);
    symlinkSync(path, path);
    await expect(database.ping()).rejects.toThrow(UnavailableError);

    renameSync(`${path}.away`, path);
    await database.ping();
    expect(await stores.keys.list()).toEqual([key]);
  });
});
