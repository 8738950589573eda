import { setImmediate } from "node:timers/promises";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Commits, createCommits } from "../../../../src/adapters/sql/sqlite/commits.ts";
import { retryWhileBusy } from "../../../../src/adapters/sql/sqlite/retry.ts";

import { watchedConnection } from "../../../support/sqlite.ts";

describe("turns of the same moment on one SQLite connection", () => {
  let libsql: Libsql.Database;
  let commits: Commits;
  let executed: string[];
  /** Whether the next COMMIT fails, as on a full disk. */
  let isFull: boolean;

  beforeEach(() => {
    libsql = new Libsql(":memory:");
    libsql.exec("create table t (n integer)");
    executed = [];
    isFull = false;
    const watched = watchedConnection(libsql, (sql) => {
      executed.push(sql);
      if (sql === "COMMIT" && isFull) throw Object.assign(new Error("full"), { rawCode: 13 });
    });
    commits = createCommits(watched, 1_000, retryWhileBusy);
  });
  afterEach(() => libsql.close());

  const add = (n: number) => libsql.prepare("insert into t values (?)").run([n]);
  const numbers = () =>
    (libsql.prepare("select n from t order by n").all() as { n: number }[]).map(({ n }) => n);
  const write = async (n: number) => {
    const turn = await commits.enter();
    await turn.begin();
    turn.mark();
    add(n);
    await turn.end();
  };
  const count = (sql: string) => executed.filter((each) => each === sql).length;

  test("share a transaction, and so one wait for the disk", async () => {
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
    expect(numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([count("BEGIN IMMEDIATE"), count("COMMIT")]).toEqual([1, 1]);
  });

  test("are not answered before the commit, also those that only read", async () => {
    const answered: string[] = [];
    const writing = write(1).then(() => answered.push("writer"));
    const reading = commits.enter().then(async (turn) => {
      expect(numbers()).toEqual([1]);
      expect(libsql.inTransaction).toBe(true);
      await turn.end();
      answered.push("reader");
    });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect([answered, count("COMMIT")]).toEqual([[], 0]);
    await Promise.all([writing, reading]);
    expect(count("COMMIT")).toBe(1);
  });

  test("are undone separately", async () => {
    const undone = commits.enter().then(async (turn) => {
      await turn.begin();
      turn.mark();
      add(100);
      turn.undo();
      await turn.end();
    });
    await Promise.all([write(1), undone, write(2)]);
    expect(numbers()).toEqual([1, 2]);
  });

  test("are all rejected when the commit fails, and the next turn works", async () => {
    isFull = true;
    const settled = await Promise.allSettled([1, 2, 3].map(write));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(numbers()).toEqual([]);
    isFull = false;
    await write(4);
    expect(numbers()).toEqual([4]);
  });

  test("that are over undo nothing of the next turn", async () => {
    const over = await commits.enter();
    await over.begin();
    over.mark();
    add(1);
    isFull = true;
    await expect(over.end()).rejects.toThrow("full");
    isFull = false;
    const next = await commits.enter();
    await next.begin();
    next.mark();
    add(2);
    over.undo();
    await over.end();
    await next.end();
    expect(numbers()).toEqual([2]);
  });

  test("are all rejected when SQLite rolls back by itself", async () => {
    const first = write(1);
    const second = commits.enter().then(async (turn) => {
      await turn.begin();
      const failing = turn.whileBusy(() => {
        libsql.exec("ROLLBACK");
        throw Object.assign(new Error("I/O"), { rawCode: 10 });
      });
      await expect(failing).rejects.toThrow("I/O");
      turn.leave();
    });
    await expect(first).rejects.toThrow("I/O");
    await second;
    await setImmediate();
    await write(2);
    expect(numbers()).toEqual([2]);
  });

  test("do not overlap with what runs alone: it finds no transaction open", async () => {
    const writing = write(1);
    await commits.alone(() => expect(libsql.inTransaction).toBe(false));
    await writing;
    expect(numbers()).toEqual([1]);
  });

  test("that follow one another each wait for the disk", async () => {
    await write(1);
    await write(2);
    expect(count("COMMIT")).toBe(2);
  });
});
