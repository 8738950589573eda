import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { createLimitStore } from "../../../../src/adapters/sql/limits/store.ts";
import type { Limit, LimitStore } from "../../../../src/core/protection/limits/ports.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { limitStoreContract } from "../../../contracts/limit-store.ts";
import { DAY, fresh, MINUTE, NOW, parallel } from "../../../contracts/samples.ts";
import { hasMariadb, openTestMysql, type TestMysql } from "../../../support/services/mysql.ts";
import { buildChildren, type Children } from "../children.ts";
import { countInTables, expectMoved } from "./old-limits.ts";
import { createStatementLog, refusedSuite } from "./refused-suite.ts";

const clock = { now: () => NOW };
const PROCESSES = 4;
const TAKES_EACH = 60;
const APPENDS = /^insert into `limit_journal`/;

const upTo = (key: string, max: number): Limit => {
  return { name: "sends", key, windows: [{ max, windowMs: MINUTE }] };
};
const take = (limits: LimitStore, limit: Limit, now = NOW) =>
  limits.take({ member: fresh("member"), limits: [limit] }, now);
const passing = (taken: readonly { readonly ok: boolean }[]) => taken.filter(({ ok }) => ok).length;

/** Calls `fault.before` before a row of the journal is written, and `fault.after` after it. */
function faulty(
  { db, transaction }: SqlDatabase,
  fault: { before?(): void; after?(): void },
): Pick<SqlDatabase, "db" | "transaction"> {
  const executeQuery: SqlDatabase["db"]["executeQuery"] = async (query) => {
    if (!("sql" in query) || !APPENDS.test(query.sql)) return await db.executeQuery(query);
    fault.before?.();
    const result = await db.executeQuery(query);
    fault.after?.();
    return result as never;
  };
  const watched = new Proxy(db, {
    get: (target, name) => {
      if (name === "executeQuery") return executeQuery;
      const found: unknown = Reflect.get(target, name);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
  return { db: watched, transaction };
}

function away(): never {
  throw new UnavailableError("the database", { cause: new Error("lost") });
}

/** Repeats each call until the database is there, except `seed`. */
function persistent(store: LimitStore): LimitStore {
  const again = async (name: keyof LimitStore, args: unknown[]) => {
    for (;;) {
      try {
        return await Reflect.apply(store[name], store, args);
      } catch (error) {
        if (name === "seed" || !(error instanceof UnavailableError)) throw error;
      }
    }
  };
  return new Proxy(store, {
    get:
      (_, name: keyof LimitStore) =>
      (...args: unknown[]) =>
        again(name, args),
  });
}

/** Calls go to two processes in turn. One is started anew with every ninth call, and every third of its rows fails. */
describe.runIf(hasMariadb())("mariadb", () => {
  limitStoreContract("mariadb, over several processes, restarts and faults", async () => {
    const opened = await openTestMysql(clock);
    let [calls, writes, seeding] = [0, 0, 0];
    const before = () => void (seeding === 0 && ++writes % 3 === 0 && away());
    const start = () => persistent(createLimitStore(faulty(opened.database, { before })));
    let second = start();
    const choose = () => {
      calls += 1;
      if (calls % 9 === 0) second = start();
      return calls % 2 === 0 ? opened.stores.limits : second;
    };
    const seed: LimitStore["seed"] = async (...lost) => {
      seeding += 1;
      await choose()
        .seed(...lost)
        .finally(() => {
          seeding -= 1;
        });
    };
    const store = new Proxy({} as LimitStore, {
      get: (_, name: keyof LimitStore) => (name === "seed" ? seed : choose()[name]),
    });
    return { store, close: () => opened.close() };
  });
});

describe.runIf(hasMariadb())("mariadb: the journal of limits", () => {
  let seen: string[] = [];
  let opened: TestMysql;
  let limits: LimitStore;
  beforeEach(async () => {
    opened = await openTestMysql(clock, { onStatement: (text) => seen.push(text), retryForMs: 200 });
    limits = opened.stores.limits;
  });
  afterEach(() => opened.close());

  const rows = () => opened.database.db.selectFrom("limit_journal").selectAll().orderBy("id").execute();

  test("takes of the same moment are one statement while no other process writes", async () => {
    await take(limits, upTo(fresh("key"), 1));
    seen = [];
    const key = fresh("key");
    expect(passing(await parallel(40, () => take(limits, upTo(key, 25))))).toBe(25);
    expect(seen).toHaveLength(1);
    expect((await rows()).length).toBe(3);
  });

  test("a process that another one overtook decides anew, and locks its turn from then on", async () => {
    const other = createLimitStore(opened.database);
    const key = fresh("key");
    for (const store of [limits, other]) await take(store, upTo(fresh("key"), 1));
    const taken = await parallel(120, (n) => take(n % 2 ? limits : other, upTo(key, 70)));
    expect(passing(taken)).toBe(70);
    expect(seen).toContain("select `limit_key` from `limits` where `limit_key` = ? for update");
  });

  test("a take whose row is not written is rejected, and nothing of it stays in memory", async () => {
    let isAway = false;
    const store = createLimitStore(faulty(opened.database, { before: () => void (isAway && away()) }));
    const key = fresh("key");
    expect(await take(store, upTo(key, 3))).toMatchObject({ ok: true });
    isAway = true;
    for (const each of await Promise.allSettled([1, 2, 3].map(() => take(store, upTo(key, 3)))))
      expect(each.status === "rejected" && each.reason).toBeInstanceOf(UnavailableError);
    isAway = false;
    expect(passing(await parallel(5, () => take(store, upTo(key, 3))))).toBe(2);
  });

  test("a take whose row was written counts, even if its answer was lost", async () => {
    let isLost = true;
    const store = createLimitStore(faulty(opened.database, { after: () => void (isLost && away()) }));
    const key = fresh("key");
    await expect(take(store, upTo(key, 2))).rejects.toThrow(UnavailableError);
    isLost = false;
    expect(passing(await parallel(5, () => take(store, upTo(key, 2))))).toBe(1);
  });

  test("a process that hangs while it holds the turn does not block the others", async () => {
    const key = fresh("key");
    await take(limits, upTo(key, 9));
    const other = createLimitStore(opened.database);
    await opened.database.transaction(async (trx) => {
      await sql`select * from limits for update`.execute(trx);
      expect(passing(await parallel(20, (n) => take(n % 2 ? limits : other, upTo(key, 9))))).toBe(8);
    });
  });

  test("takes of other processes are rejected while a process hangs between its row and its commit", async () => {
    const key = fresh("key");
    await take(limits, upTo(key, 2));
    const next = (await rows()).length + 1;
    await opened.database.transaction(async (trx) => {
      const row = { id: next, at: NOW, matters_until: NOW, entry: "[]" };
      await trx.insertInto("limit_journal").values(row).execute();
      await expect(take(limits, upTo(key, 2))).rejects.toThrow(UnavailableError);
    });
    expect(passing(await parallel(3, () => take(limits, upTo(key, 2))))).toBe(1);
  });

  test("if a store is overtaken by another history, such as that of a replica that took over, everything is decided anew", async () => {
    const key = fresh("key");
    await take(limits, upTo(key, 2));
    const kept = await rows();
    for (let n = 0; n < 3; n++) await take(limits, upTo(fresh("lost"), 1), NOW + n);
    const lost = kept.at(-1)?.id ?? 0;
    await opened.database.db.deleteFrom("limit_journal").where("id", ">", lost).execute();
    const other = createLimitStore(opened.database);
    for (let n = 0; n < 3; n++) expect(await take(other, upTo(key, 4), NOW + 9)).toMatchObject({ ok: true });
    expect(await take(limits, upTo(key, 4), NOW + 9)).toMatchObject({ ok: false });
  });

  test("a new process reads rows that matter no longer in pages too", async () => {
    await take(limits, upTo(fresh("key"), 1));
    const old = { at: NOW - 2 * DAY, matters_until: NOW - DAY, entry: "[]" };
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...old, id: n + 10 }));
    await opened.database.db.insertInto("limit_journal").values(many).execute();
    seen = [];
    await take(createLimitStore(opened.database), upTo(fresh("key"), 1));
    expect(seen.filter((text) => /from `limit_journal` .*limit 250$/.test(text)).length).toBeGreaterThan(3);
  });

  test("a limit counts again what memory dropped when the clock goes back", async () => {
    const key = fresh("key");
    expect(await take(limits, upTo(key, 1))).toMatchObject({ ok: true });
    for (let n = 0; n < 9; n++) await take(limits, upTo(fresh("other"), 1), NOW + DAY);
    expect(await take(limits, upTo(key, 1), NOW + 30_000)).toMatchObject({
      ok: false,
      retryAt: NOW + MINUTE,
    });
  });

  test("a sweep deletes in pieces, and keeps the seed and the last row, which gives the next id", async () => {
    const epoch = fresh("epoch");
    await limits.seed(epoch, []);
    for (let n = 0; n < 30; n++) await take(limits, upTo(fresh("key"), 1), NOW - DAY);
    const other = createLimitStore(opened.database);
    await take(other, upTo(fresh("key"), 1), NOW - DAY);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(20);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(10);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(0);
    expect(await rows()).toHaveLength(3);
    expect(await take(other, upTo(fresh("key"), 1))).toMatchObject({ ok: true });
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(1);
    for (const store of [limits, other, createLimitStore(opened.database)])
      expect(await store.seeded(epoch)).toBe(true);
  });

  test("the id of a swept row is not used again: a process whose last row is before it reads on", async () => {
    const other = createLimitStore(opened.database);
    const key = fresh("key");
    await take(other, upTo(key, 2));
    await take(limits, upTo(fresh("old"), 1), NOW - DAY);
    await take(limits, upTo(key, 2));
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(1);
    expect(await take(other, upTo(key, 2))).toMatchObject({ ok: false });
    expect(await take(other, upTo(fresh("key"), 1))).toMatchObject({ ok: true });
  });

  test("what an earlier version counted is moved into the journal, also what it still counts meanwhile", async () => {
    await expectMoved(opened.database, limits, await countInTables(opened.database));
    const counted = await countInTables(opened.database);
    await limits.sweep(NOW - DAY, 1_000);
    await expectMoved(opened.database, limits, counted);
  });
});

describe.runIf(hasMariadb())("mariadb: counters that four processes share", () => {
  let children: Children;
  beforeAll(async () => {
    children = await buildChildren();
  });
  afterAll(() => children.remove());

  test.each([20, 100])("a counter lets exactly %i takes of all processes pass", async (max) => {
    const { server, database } = await openTestMysql(clock);
    const counter = { name: "total", key: "total", windows: [{ max, windowMs: 60_000 }] };
    const words = ["take", JSON.stringify(server), JSON.stringify({ ...counter, takes: TAKES_EACH })];
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => children.run(...words)));
    expect(ended.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(""));
    const passed = ended.map(({ stdout }) => Number(stdout));
    expect(passed.reduce((sum, each) => sum + each, 0)).toBe(max);
    await database.close();
  });

  test("takes of a process that is killed right after its answers count", async () => {
    const { server, stores, close } = await openTestMysql(clock);
    const asked = JSON.stringify({ ...upTo("killed", 5), takes: 4 });
    const ended = await children.run("take-and-die", JSON.stringify(server), asked);
    expect(ended).toMatchObject({ signal: "SIGKILL", stdout: "4\n" });
    expect(passing(await parallel(3, () => take(stores.limits, upTo("killed", 5))))).toBe(1);
    await close();
  });

  test.each([
    [301, 3],
    [400, 30],
  ])("a sum of %i is spent exactly as far as takes of %i go", async (max, amount) => {
    const { server, database } = await openTestMysql(clock);
    const sum = { name: "spend", key: "spend", amount, windows: [{ max, windowMs: 3_600_000 }] };
    const words = ["take", JSON.stringify(server), JSON.stringify({ ...sum, takes: TAKES_EACH })];
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => children.run(...words)));
    expect(ended.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(""));
    const passed = ended.reduce((total, { stdout }) => total + Number(stdout), 0);
    expect(passed).toBe(Math.floor(max / amount));
    await database.close();
  });
});

describe.runIf(hasMariadb())("mariadb: what is refused writes nothing", () => {
  const log = createStatementLog();
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql(clock, { onStatement: log.note });
  });
  afterAll(() => opened.close());

  refusedSuite(() => ({ limits: opened.stores.limits, statements: log.taken }), { looks: 0 });
});
