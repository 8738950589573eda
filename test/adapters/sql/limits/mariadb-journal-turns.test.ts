import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { lockTurn } from "../../../../src/adapters/sql/limits/shared-journal-rows.ts";
import { createLimitStore } from "../../../../src/adapters/sql/limits/store.ts";
import type { LimitStore } from "../../../../src/core/protection/limits/ports.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { DAY, fresh, MINUTE, NOW } from "../../../contracts/samples.ts";
import { hasMariadb, openTestMysql, type TestMysql } from "../../../support/services/mysql.ts";
import { countInTables, expectMoved } from "./old-limits.ts";

const clock = { now: () => NOW };

const take = (limits: LimitStore, key: string, max: number, now = NOW, windowMs = MINUTE) => {
  const windows = [{ max, windowMs }];
  return limits.take({ member: fresh("member"), limits: [{ name: "sends", key, windows }] }, now);
};

/** Transactions are rolled back, each with the next of these errors. */
function losing(
  { db, transaction }: SqlDatabase,
  errors: readonly Error[],
): Pick<SqlDatabase, "db" | "transaction"> {
  const left = [...errors];
  return {
    db,
    transaction: (body) =>
      transaction(async (trx) => {
        const result = await body(trx);
        const error = left.shift();
        if (error) throw error;
        return result;
      }),
  };
}

const AWAY = new UnavailableError("the database", { cause: undefined });
const DEADLOCK = Object.assign(new Error("deadlock"), { errno: 1213 });

describe.runIf(hasMariadb())("mariadb: two processes at the journal of limits", () => {
  let seen: string[] = [];
  let opened: TestMysql;
  let limits: LimitStore;
  let other: LimitStore;
  beforeEach(async () => {
    opened = await openTestMysql(clock, { onStatement: (text) => seen.push(text), retryForMs: 200 });
    limits = opened.stores.limits;
    other = createLimitStore(opened.database);
    for (const store of [limits, other]) await take(store, fresh("key"), 1);
  });
  afterEach(() => opened.close());

  /** The first word of the first statement of a take of this process. */
  const beginning = async () => {
    seen = [];
    expect(await take(limits, fresh("key"), 1)).toMatchObject({ ok: true });
    return seen[0]?.split(" ")[0];
  };

  test("a take passes when another process has given back, though this process's memory says that the limit is full", async () => {
    const key = fresh("key");
    expect(await take(limits, key, 1)).toMatchObject({ ok: true });
    expect(await take(other, key, 1)).toMatchObject({ ok: false });
    await limits.forgive([key], 1);
    expect(await take(other, key, 1)).toMatchObject({ ok: true });
  });

  test("a take passes when another history has a last row of the same number, though memory says that the limit is full", async () => {
    const key = fresh("key");
    await take(limits, key, 1);
    const { db } = opened.database;
    const last = db.selectFrom("limit_journal").select("id").orderBy("id", "desc").limit(1);
    const { id } = await last.executeTakeFirstOrThrow();
    await db.deleteFrom("limit_journal").where("id", "=", id).execute();
    await take(createLimitStore(opened.database), fresh("key"), 1, NOW + 9);
    expect(await last.executeTakeFirstOrThrow()).toEqual({ id });
    expect(await take(limits, key, 1, NOW + 9)).toMatchObject({ ok: true });
  });

  test("a process that was overtaken locks its turn first, until no other process has written in between", async () => {
    expect(await beginning()).toBe("insert");
    await take(other, fresh("key"), 1);
    expect(await beginning()).toBe("begin");
    expect(await beginning()).toBe("begin");
    expect(await beginning()).toBe("insert");
  });

  test("a process waits for the lock of a turn with one group of takes only, however long another one holds it", async () => {
    for (const first of ["insert", "begin", "insert"]) expect(await beginning()).toBe(first);
    const appends = () => seen.filter((text) => text.startsWith("insert into `limit_journal`")).length;
    let answered = 0;
    const asked = () =>
      take(limits, fresh("key"), 1).then(({ ok }) => {
        answered += 1;
        return ok;
      });
    const taken = await opened.database.transaction(async (trx) => {
      await lockTurn(trx);
      seen = [];
      const first = asked();
      while (appends() === 0) await sleep(5);
      await sleep(200);
      const second = asked();
      await sleep(200);
      expect([appends(), answered]).toEqual([1, 0]);
      return { all: [first, second] };
    });
    expect(await Promise.all(taken.all)).toEqual([true, true]);
  });

  test("an entry of several takes is read as long as any of them matters", async () => {
    const [short, long] = [fresh("short"), fresh("long")];
    await Promise.all([take(limits, short, 1), take(limits, long, 1, NOW, DAY)]);
    const later = createLimitStore(opened.database);
    expect(await take(later, long, 1, NOW + 10 * MINUTE, DAY)).toMatchObject({ ok: false });
    expect(await take(later, short, 1, NOW + 10 * MINUTE)).toMatchObject({ ok: true });
  });

  test("an entry of several takes is not swept before all of them are old", async () => {
    const key = fresh("key");
    await Promise.all([take(limits, fresh("old"), 1, NOW - DAY), take(limits, key, 1)]);
    await take(limits, fresh("last"), 1);
    expect(await limits.sweep(NOW - MINUTE, 20)).toBe(0);
    expect(await take(createLimitStore(opened.database), key, 1)).toMatchObject({ ok: false });
  });

  test("what an earlier version counted is moved by the next take when the first move failed", async () => {
    const counted = await countInTables(opened.database);
    const store = createLimitStore(losing(opened.database, [AWAY]));
    await expect(take(store, fresh("key"), 1)).rejects.toBe(AWAY);
    await expectMoved(opened.database, store, counted);
  });

  test("what an earlier version counted is moved when only one of its tables has rows", async () => {
    const key = fresh("guesses");
    const row = { limit_key: key, member: fresh("member"), amount: 2, ends_at: NOW + MINUTE };
    await opened.database.db.insertInto("limit_leases").values(row).execute();
    await limits.sweep(NOW - DAY, 20);
    const lease = { key, wanted: 9, cap: 3, expiresAt: NOW + MINUTE };
    expect(await limits.take({ member: fresh("m"), limits: [], lease }, NOW)).toMatchObject({ leased: 1 });
  });

  /** A process that was overtaken, whose first turns fail with these errors. */
  const overtaken = async (...errors: readonly Error[]) => {
    const store = createLimitStore(losing(opened.database, errors));
    await take(store, fresh("key"), 1);
    await take(other, fresh("key"), 1);
    return store;
  };

  test("a take whose transaction deadlocks and is run again counts once", async () => {
    const key = fresh("key");
    const store = await overtaken(DEADLOCK);
    expect(await take(store, key, 3)).toMatchObject({ ok: true });
    const taken = [];
    for (const each of [store, other, store]) taken.push(await take(each, key, 3));
    expect(taken.map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  test("a take whose transaction fails leaves nothing in memory, also if another take built on it", async () => {
    const key = fresh("sum");
    const store = await overtaken(AWAY);
    const spend = (amount: number) => {
      const windows = [{ max: 10, windowMs: MINUTE }];
      return store.take({ member: fresh("member"), limits: [{ name: "spend", key, amount, windows }] }, NOW);
    };
    const spent = await Promise.allSettled([spend(2), spend(2)]);
    expect(spent.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await spend(10)).toMatchObject({ ok: true });
  });

  test("no process waits for the turn again while another one hangs in it", async () => {
    for (const store of [limits, other, limits, other]) await take(store, fresh("key"), 1);
    await opened.database.transaction(async (trx) => {
      await lockTurn(trx);
      for (const store of [limits, other]) await take(store, fresh("key"), 1);
      seen = [];
      for (const store of [limits, other, limits]) await take(store, fresh("key"), 1);
      expect(seen.filter((text) => text === "begin" || text.endsWith("for update"))).toEqual([]);
    });
  });
});
