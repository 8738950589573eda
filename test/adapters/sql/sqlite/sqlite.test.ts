import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import {
  addSampleKey,
  addTagKey,
  aKey,
  aMessage,
  aSession,
  aUser,
  aVerification,
  NOW,
} from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase, temporaryFolder } from "../../../support/database.ts";
import { transactAtOnce } from "../at-once.ts";

const clock = { now: () => NOW };
const modeOf = (path: string) => statSync(path).mode & 0o777;

let opened: TestDatabase;
/** A second connection to the same file. */
let other: Libsql.Database;
function openTwice(): void {
  beforeEach(async () => {
    opened = await openTestDatabase(clock, { busyTimeoutMs: 400 });
    other = new Libsql(opened.path);
  });
  afterEach(async () => {
    other.close();
    await opened.close();
  });
}

describe("sqlite: opening", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("makes the folder, and files that only the owner can read, including -wal and -shm", async () => {
    const path = join(folder, "deep", "er", "phonekey.db");
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(modeOf(file)).toBe(0o600);
    await database.close();
  });

  test("uses a write-ahead log and waits for the disk", async () => {
    const database = await openSqlite(`sqlite:${join(folder, "phonekey.db")}`);
    expect((await sql`PRAGMA journal_mode`.execute(database.db)).rows).toEqual([{ journal_mode: "wal" }]);
    expect((await sql`PRAGMA synchronous`.execute(database.db)).rows).toEqual([{ synchronous: 2 }]);
    await database.close();
  });

  test("in memory, writes no file", async () => {
    for (const url of [":memory:", "sqlite::memory:"]) {
      const database = await openSqlite(url);
      await migrate(database, clock);
      const { verifications } = createSqlStores(database, { clock, onStaleKey: () => {} });
      const verification = aVerification();
      await verifications.create(verification);
      expect(await verifications.find(verification.id)).toEqual(verification);
      await database.close();
    }
    expect(existsSync(":memory:")).toBe(false);
  });

  test("a path that is no database or no file is UnavailableError with its cause", async () => {
    const text = join(folder, "text.db");
    writeFileSync(text, "this is not a database, and long enough to be looked at as one".repeat(100));
    mkdirSync(join(folder, "folder.db"));
    for (const path of [text, join(folder, "folder.db"), join(text, "below.db")]) {
      const error = await openSqlite(`sqlite:${path}`).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UnavailableError);
      expect((error as UnavailableError).cause).toBeInstanceOf(Error);
    }
  });

  test("can be closed twice, and leaves everything in one file", async () => {
    const path = join(folder, "phonekey.db");
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    await database.close();
    await database.close();
    expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    await expect(database.ping()).rejects.toThrow();
  });
});

describe("sqlite: a busy file", () => {
  openTwice();

  test("is waited for without blocking the event loop", async () => {
    const { keys, verifications } = opened.stores;
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    // If the event loop were blocked, this would never commit.
    const ticking = setInterval(() => {
      ticks += 1;
      if (ticks === 15) other.exec("COMMIT");
    }, 5);
    const verification = aVerification();
    // A transaction, and a single statement.
    const [added] = await Promise.all([keys.add(aKey()), verifications.create(verification)]);
    clearInterval(ticking);
    expect(added).toBe(true);
    expect(await verifications.find(verification.id)).toEqual(verification);
    expect(ticks).toBeGreaterThanOrEqual(15);
  });

  test("for too long is UnavailableError for all callers at the same time", async () => {
    const { keys, verifications } = opened.stores;
    other.exec("BEGIN IMMEDIATE");
    const began = performance.now();
    const waiting = [
      ...Array.from({ length: 20 }, () => keys.add(aKey())),
      ...Array.from({ length: 20 }, () => verifications.guess({ id: "any", isRight: true }, NOW)),
    ];
    const settled = await Promise.allSettled(waiting);
    // One after the other would take 16 seconds.
    expect(performance.now() - began).toBeLessThan(8_000);
    for (const each of settled) {
      const reason = each.status === "rejected" ? each.reason : undefined;
      expect(reason).toBeInstanceOf(UnavailableError);
      expect(reason).toMatchObject({ retryAfterSeconds: 5, cause: { code: "SQLITE_BUSY" } });
    }
    other.exec("COMMIT");
    expect(await keys.add(aKey())).toBe(true);
    expect(await verifications.guess({ id: "any", isRight: true }, NOW)).toEqual({ outcome: "dead" });
  });

  test("can still be read", async () => {
    other.exec("BEGIN IMMEDIATE");
    expect(await opened.stores.verifications.find("any")).toBeUndefined();
    other.exec("ROLLBACK");
  });
});

describe("sqlite: no transaction or reader stays open", () => {
  openTwice();

  /** Another process can write at once, and the write-ahead log can be emptied: no reader holds it. */
  const expectFree = () => {
    other.exec("BEGIN IMMEDIATE");
    other.exec("COMMIT");
    expect(other.pragma("wal_checkpoint(TRUNCATE)")).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
  };

  test("after a failed statement, a failed transaction, and a body that throws", async () => {
    const { verifications, users, keys } = opened.stores;
    const verification = aVerification();
    await verifications.create(verification);
    await expect(verifications.create(verification)).rejects.toThrow(/UNIQUE/);
    expectFree();

    const { tag } = await addTagKey(keys);
    const { userId: _, ...session } = aSession("");
    await users.signIn({ user: aUser(tag()), session });
    await expect(users.signIn({ user: aUser(tag()), session })).rejects.toThrow(/UNIQUE/);
    expectFree();

    const body = opened.database.transaction(async (trx) => {
      await trx.deleteFrom("users").where("id", "!=", "").execute();
      throw new Error("the body's own");
    });
    await expect(body).rejects.toThrow("the body's own");
    expectFree();
    expect(await users.findByTag(tag())).toBeUndefined();
  });

  test("after a value that cannot be stored, which would otherwise end the process", async () => {
    for (const value of [true, Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, new Date(0)]) {
      const insert = opened.database.transaction(async (trx) => {
        await sql`INSERT INTO limit_seeds (epoch) VALUES (${"before"})`.execute(trx);
        await sql`INSERT INTO limit_seeds (epoch) VALUES (${value})`.execute(trx);
      });
      await expect(insert).rejects.toThrow(TypeError);
    }
    expectFree();
    expect(await opened.stores.limits.seeded("before")).toBe(false);
  });

  test("a refused take writes no row to the journal", async () => {
    const { db } = opened.database;
    const full = { name: "address", key: "full", windows: [{ max: 1, windowMs: 60_000 }] };
    await opened.stores.limits.take({ member: "first", limits: [full] }, 1_000);
    const rowsIn = async () => (await db.selectFrom("limit_journal").selectAll().execute()).length;
    const before = await rowsIn();
    expect(before).toBe(1);
    for (let n = 0; n < 20; n++) {
      const limits = [{ name: "phone", key: `phone-${n}`, windows: [] }, full];
      const taken = await opened.stores.limits.take({ member: `member-${n}`, limits }, 1_000);
      expect(taken).toMatchObject({ ok: false, refusedBy: "address" });
    }
    expect(await rowsIn()).toBe(before);
  });

  test("transactions do not mix, whatever their bodies wait for", async () => {
    expect(await transactAtOnce(opened.database)).toBe(40);
  });

  test("a full disk is UnavailableError, and writes work again when there is room", async () => {
    const { db } = opened.database;
    await addSampleKey(opened.stores.keys);
    await sql`PRAGMA max_page_count = 60`.execute(db);
    const create = () => opened.stores.messages.create(aMessage({ sealedPhone: "x".repeat(4_000) }));
    const settled = await Promise.allSettled(Array.from({ length: 100 }, create));
    const failed = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    expect(failed.length).toBeGreaterThan(0);
    for (const reason of failed) expect(reason).toBeInstanceOf(UnavailableError);
    await sql`PRAGMA max_page_count = 100000`.execute(db);
    await create();
    expectFree();
  });
});

describe("sqlite: after a restart", () => {
  test("everything that was acknowledged is there", async () => {
    const before = await openTestDatabase(clock);
    const { tag } = await addTagKey(before.stores.keys);
    const user = aUser(tag());
    const session = aSession(user.id);
    const verification = aVerification({ phoneTag: user.phoneTag });
    await before.stores.users.signIn({ user, session });
    await before.stores.verifications.create(verification);
    await before.stores.verifications.guess({ id: verification.id, isRight: false }, NOW);
    await before.stores.ledger.record("guess", user.phoneTag, "stranger", { at: NOW, codeLength: 6 });
    const limit = { name: "sends", key: "key", windows: [{ max: 1, windowMs: 60_000 }] };
    await before.stores.limits.take({ member: "one", limits: [limit] }, NOW);
    await before.stores.limits.seed("epoch", []);

    const { stores, path, close } = await before.reopen();
    expect(await stores.sessions.find(session.id)).toEqual({ session, user });
    expect(await stores.verifications.find(verification.id)).toEqual({ ...verification, attemptsUsed: 1 });
    expect(await stores.ledger.read([user.phoneTag], "stranger", 0)).toHaveLength(1);
    expect(await stores.limits.take({ member: "two", limits: [limit] }, NOW)).toMatchObject({ ok: false });
    expect(await stores.limits.seeded("epoch")).toBe(true);
    expect(readFileSync(path).subarray(0, 15).toString()).toBe("SQLite format 3");
    await close();
  });
});
