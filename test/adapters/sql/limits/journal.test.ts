import { rmSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Steps } from "../../../../src/adapters/sql/database.ts";
import { createLimitStore } from "../../../../src/adapters/sql/limits/store.ts";
import { migrate } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { createCommits } from "../../../../src/adapters/sql/sqlite/commits.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { retryWhileBusy } from "../../../../src/adapters/sql/sqlite/retry.ts";
import { createStatements } from "../../../../src/adapters/sql/sqlite/statements.ts";
import { createSteps } from "../../../../src/adapters/sql/sqlite/steps.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import type { Limit, LimitStore } from "../../../../src/core/protection/limits/ports.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { limitStoreContract } from "../../../contracts/limit-store.ts";
import { DAY, fresh, MINUTE, NOW, parallel } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase, temporaryFolder } from "../../../support/database.ts";
import { watchedConnection } from "../../../support/sqlite.ts";
import { buildChildren, type Children } from "../children.ts";
import { countInTables, expectMoved } from "./old-limits.ts";

const clock = { now: () => NOW };
const sends = (key: string, max: number, windowMs = MINUTE): Limit => {
  return { name: "sends", key, windows: [{ max, windowMs }] };
};

/** Each call goes to the store that is next. */
function inTurn(choose: () => LimitStore): LimitStore {
  return new Proxy({} as LimitStore, {
    get: (_, method) => {
      const store = choose();
      return store[method as keyof LimitStore];
    },
  });
}

/** Two connections to one file, and a process that starts anew with every ninth call. */
limitStoreContract("sqlite, over several connections and restarts", async () => {
  const opened = await openTestDatabase(clock);
  const other = await openSqlite(`sqlite:${opened.path}`);
  const open = () => createSqlStores(other, { clock, onStaleKey: () => {} }).limits;
  let calls = 0;
  let second = open();
  return {
    store: inTurn(() => {
      calls += 1;
      if (calls % 9 === 0) second = open();
      return calls % 2 === 0 ? opened.stores.limits : second;
    }),
    async close() {
      await other.close();
      await opened.close();
    },
  };
});

/** A connection on which COMMIT fails when it is told to, as on a full disk. */
function brokenSteps(path: string, isFull: () => boolean): { steps: Steps; close(): void } {
  const libsql = new Libsql(path);
  const watched = watchedConnection(libsql, (sql) => {
    if (sql === "COMMIT" && isFull()) throw Object.assign(new Error("full"), { rawCode: 13 });
  });
  const commits = createCommits(watched, 1_000, retryWhileBusy);
  const steps = createSteps(commits, createStatements(libsql), undefined);
  return { steps, close: () => libsql.close() };
}

/** Repeats what failed until it is done. */
function persistent({ read, lookAndWrite, write }: Steps): Steps {
  const again = async <T>(run: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
      }
    }
  };
  return {
    read: (body) => again(() => read(body)),
    lookAndWrite: (look, body) => again(() => lookAndWrite(look, body)),
    write: (body) => again(() => write(body)),
  };
}

/** If memory were ahead of the disk, a repeated call would count twice. */
limitStoreContract("sqlite, where every third commit fails", async () => {
  const opened = await openTestDatabase(clock);
  let commits = 0;
  const { steps, close } = brokenSteps(opened.path, () => ++commits % 3 === 0);
  return {
    store: createLimitStore({ ...opened.database, steps: persistent(steps) }),
    async close() {
      close();
      await opened.close();
    },
  };
});

describe("the journal of limits", () => {
  let opened: TestDatabase;
  let limits: LimitStore;
  beforeEach(async () => {
    opened = await openTestDatabase(clock);
    limits = opened.stores.limits;
  });
  afterEach(() => opened.close());

  const take = (limit: Limit, now = NOW, store = limits) =>
    store.take({ member: fresh("member"), limits: [limit] }, now);
  const rows = () => opened.database.db.selectFrom("limit_journal").selectAll().orderBy("id").execute();

  test("a take that is not on disk is rejected, and nothing of it stays in memory", async () => {
    let isFull = false;
    const broken = brokenSteps(opened.path, () => isFull);
    const store = createLimitStore({ ...opened.database, steps: broken.steps });
    const key = fresh("key");
    expect(await take(sends(key, 3), NOW, store)).toMatchObject({ ok: true });
    isFull = true;
    const settled = await Promise.allSettled(
      Array.from({ length: 5 }, () => take(sends(key, 3), NOW, store)),
    );
    for (const each of settled) {
      expect(each.status === "rejected" && each.reason).toBeInstanceOf(UnavailableError);
    }
    isFull = false;
    const taken = await parallel(5, () => take(sends(key, 3), NOW, store));
    expect(taken.filter(({ ok }) => ok)).toHaveLength(2);
    expect(await rows()).toHaveLength(3);
    broken.close();
  });

  test("a limit counts again what memory dropped when the clock goes back", async () => {
    const key = fresh("key");
    const limit = sends(key, 1, MINUTE);
    expect(await take(limit)).toMatchObject({ ok: true });
    for (let n = 0; n < 9; n++) await take(sends(fresh("other"), 1), NOW + DAY);
    expect(await take(limit, NOW + 30_000)).toEqual({ ok: false, refusedBy: "sends", retryAt: NOW + MINUTE });
  });

  test("a store whose row was lost reads the row that another store wrote under the same id", async () => {
    let isFull = false;
    const broken = brokenSteps(opened.path, () => isFull);
    const store = createLimitStore({ ...opened.database, steps: broken.steps });
    await take(sends(fresh("key"), 1), NOW, store);
    isFull = true;
    await expect(take(sends(fresh("key"), 1), NOW, store)).rejects.toThrow(UnavailableError);
    isFull = false;
    const key = fresh("key");
    expect(await take(sends(key, 1))).toMatchObject({ ok: true });
    expect(await take(sends(key, 1), NOW, store)).toMatchObject({ ok: false });
    broken.close();
  });

  test("a store that is far behind reads all that the others wrote", async () => {
    const { steps, close } = brokenSteps(opened.path, () => false);
    const other = createLimitStore({ ...opened.database, steps });
    await take(sends(fresh("key"), 1), NOW, other);
    const [key, row] = [fresh("key"), { at: NOW, matters_until: NOW, entry: "{}" }];
    await opened.database.db.insertInto("limit_journal").values(Array(1_600).fill(row)).execute();
    expect(await take(sends(key, 1))).toMatchObject({ ok: true });
    expect(await take(sends(key, 1), NOW, other)).toMatchObject({ ok: false });
    close();
  });

  test("rows that could not be read are read by the next take", async () => {
    const { steps } = opened.database;
    if (!steps) throw new Error("it runs in this process");
    const key = fresh("key");
    await take(sends(key, 1));
    let isAway = true;
    const read: Steps["read"] = (body) => (isAway ? Promise.reject(new Error("away")) : steps.read(body));
    const store = createLimitStore({ ...opened.database, steps: { ...steps, read } });
    await expect(take(sends(key, 1), NOW, store)).rejects.toThrow("away");
    isAway = false;
    expect(await take(sends(key, 1), NOW, store)).toMatchObject({ ok: false });
  });

  test("a new store counts all that a window still reaches back to", async () => {
    const key = fresh("key");
    await take(sends(key, 1, DAY), NOW - DAY + 1);
    const { limits: anew } = createSqlStores(opened.database, { clock, onStaleKey: () => {} });
    expect(await take(sends(key, 1, DAY), NOW, anew)).toMatchObject({ ok: false, retryAt: NOW + 1 });
  });

  test("a new store does not count what was forgotten", async () => {
    const [key, member] = [fresh("key"), fresh("member")];
    await limits.take({ member, limits: [sends(key, 1)] }, NOW);
    await limits.forget([key], [member]);
    const { limits: anew } = createSqlStores(opened.database, { clock, onStaleKey: () => {} });
    expect(await take(sends(key, 1), NOW, anew)).toMatchObject({ ok: true });
  });

  test("a new store does not count what matters no longer", async () => {
    const key = fresh("key");
    await parallel(600, () => take(sends(key, 600), NOW - DAY));
    await take(sends(key, 600));
    const { stores } = await (async () => {
      opened = await opened.reopen();
      return opened;
    })();
    limits = stores.limits;
    expect(await take(sends(key, 2, 2 * DAY))).toMatchObject({ ok: true });
    expect(await take(sends(key, 2, 2 * DAY))).toMatchObject({ ok: false });
    // It goes on from the end of the journal all the same.
    expect((await rows()).at(-1)?.id).toBe(602);
  });

  test("a new store reads rows that matter no longer a page at a time", async () => {
    const old = { at: NOW - 2 * DAY, matters_until: NOW - DAY, entry: "{}" };
    await opened.database.db.insertInto("limit_journal").values(Array(1_600).fill(old)).execute();
    const seen: string[] = [];
    const other = await openSqlite(`sqlite:${opened.path}`, { onStatement: (text) => seen.push(text) });
    await take(sends(fresh("key"), 1), NOW, createLimitStore(other));
    expect(seen.filter((text) => /from limit_journal .*limit/.test(text)).length).toBeGreaterThan(4);
    await other.close();
  });

  test("calls that change nothing write no row", async () => {
    await limits.forget([fresh("key")], [fresh("member")]);
    await limits.forgive([fresh("key")], 3);
    await limits.release(fresh("key"), fresh("member"), "all");
    await limits.correct([]);
    expect(await rows()).toEqual([]);
  });

  test("a store reads an entry to which a newer version added a field", async () => {
    const [key, row] = [fresh("key"), { at: NOW, matters_until: NOW + MINUTE }];
    const entry = JSON.stringify({ c: [["member", NOW, MINUTE, key]], z: [["later", 1]] });
    await opened.database.db
      .insertInto("limit_journal")
      .values({ ...row, entry })
      .execute();
    expect(await take(sends(key, 1))).toMatchObject({ ok: false });
  });

  test("what an earlier version counted is moved into the journal once, however much it is", async () => {
    const counted = await countInTables(opened.database);
    await expectMoved(opened.database, limits, counted);
    const once = await rows();
    opened = await opened.reopen();
    expect(await opened.stores.limits.seeded(counted.epoch)).toBe(true);
    expect(await rows()).toEqual(once);
  });

  test("a sweep deletes in pieces, and keeps the seed", async () => {
    const epoch = fresh("epoch");
    await limits.seed(epoch, []);
    // A clock was ahead for a while.
    for (let n = 0; n < 30; n++) await take(sends(fresh("key"), 1), n === 5 ? NOW : NOW - DAY);
    await take(sends(fresh("key"), 1));
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(20);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(9);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(0);
    opened = await opened.reopen();
    expect(await opened.stores.limits.seeded(epoch)).toBe(true);
    expect(await rows()).toHaveLength(3);
  });
});

describe("the journal of limits, in several processes", () => {
  let children: Children;
  let folder: string;
  let path: string;
  beforeAll(async () => {
    children = await buildChildren();
    folder = temporaryFolder();
    path = join(folder, "phonekey.db");
    const database = await openSqlite(`sqlite:${path}`);
    await migrate(database, clock);
    await database.close();
  });
  afterAll(() => {
    children.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("takes of processes that race pass exactly as often as the limit allows", async () => {
    const asked = JSON.stringify({ ...sends("raced", 70), takes: 60 });
    const ended = await Promise.all(Array.from({ length: 3 }, () => children.run("take", path, asked)));
    const passed = ended.map(({ stdout }) => Number(stdout));
    expect(passed.reduce((sum, each) => sum + each, 0)).toBe(70);
  });

  test("takes of a process that is killed right after its answers count", async () => {
    const asked = JSON.stringify({ ...sends("killed", 5), takes: 4 });
    expect(await children.run("take-and-die", path, asked)).toMatchObject({
      signal: "SIGKILL",
      stdout: "4\n",
    });
    const database = await openSqlite(`sqlite:${path}`);
    const { limits } = createSqlStores(database, { clock, onStaleKey: () => {} });
    const taken = await parallel(3, () =>
      limits.take({ member: fresh("m"), limits: [sends("killed", 5)] }, NOW),
    );
    expect(taken.filter(({ ok }) => ok)).toHaveLength(1);
    await database.close();
  });
});
