import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { addTagKey, aSession, aUser, fresh, MINUTE, NOW, parallel } from "../../../contracts/samples.ts";
import { asRoot, hasMariadb, openTestMysql, type TestMysql } from "../../../support/services/mysql.ts";
import { transactAtOnce } from "../at-once.ts";

const clock = { now: () => NOW };

describe.runIf(hasMariadb())("mariadb: transactions", () => {
  let opened: TestMysql;
  beforeEach(async () => {
    opened = await openTestMysql(clock, { retryForMs: 8000 });
    await opened.database.db
      .insertInto("limit_seeds")
      .values([{ epoch: "one" }, { epoch: "two" }])
      .execute();
  });
  afterEach(() => opened.close());

  const openTransactions = async () => {
    const [row] = await asRoot(
      `select count(*) as n from information_schema.innodb_trx join information_schema.processlist on trx_mysql_thread_id = id
        where db = '${opened.server.database}'`,
    );
    return Number(row?.n);
  };
  const touch = (db: SqlDatabase["db"], epoch: string) =>
    sql`update limit_seeds set epoch = epoch where epoch = ${epoch}`.execute(db);

  test("transactions that deadlock are run again until both are done", async () => {
    const { transaction } = opened.database;
    let runs = 0;
    let locked = 0;
    const crossing = (one: string, other: string) =>
      transaction(async (trx) => {
        runs += 1;
        await touch(trx, one);
        locked += 1;
        // Each has one lock before either asks for the other.
        while (locked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        await touch(trx, other);
      });
    await Promise.all([crossing("one", "two"), crossing("two", "one")]);
    expect(runs).toBeGreaterThan(2);
  });

  test("a statement that waits too long for a lock is run again", async () => {
    const { transaction, db } = opened.database;
    let touched = false;
    let holds = () => {};
    const held = new Promise<void>((resolve) => {
      holds = resolve;
    });
    const holding = transaction(async (trx) => {
      await touch(trx, "one");
      holds();
      await new Promise((resolve) => setTimeout(resolve, 4500));
      expect(touched).toBe(false);
    });
    await held;
    await touch(db, "one");
    touched = true;
    await holding;
  });

  test("transactions that fail leave no row and no open transaction", async () => {
    expect(await transactAtOnce(opened.database)).toBe(42);
    // InnoDB gives the same answer again to all who ask within a tenth of a second, also about another table.
    await expect.poll(openTransactions, { interval: 150 }).toBe(0);
  });

  test("the end of a session is in the audit trail once, however many calls race to end it", async () => {
    const { users, sessions, keys } = opened.stores;
    const { tag } = await addTagKey(keys);
    const user = aUser(tag());
    const session = aSession(user.id);
    const kept = aSession(user.id);
    await users.signIn({ user, session });
    await sessions.open(kept);
    await parallel(
      24,
      (index) =>
        [
          () => sessions.endAll(user.id, NOW).then(() => {}),
          () => sessions.end(user.id, session.id, NOW).then(() => {}),
          () => sessions.endOthers(user.id, kept.id, NOW).then(() => {}),
        ][index % 3]?.() ?? Promise.resolve(),
    );
    const ends = await opened.database.db
      .selectFrom("events")
      .select("id")
      .where("type", "=", "session_ended")
      .where("session_id", "=", session.id)
      .execute();
    expect(ends).toHaveLength(1);
  });

  test("a sign-in takes eight round trips to the server, counting a start and recording a wrong guess one each", async () => {
    const sent: string[] = [];
    const watched = await openMysql(opened.server, { onStatement: (text) => sent.push(text) });
    const { users, keys, limits: store, ledger } = createSqlStores(watched, { clock, onStaleKey: () => {} });
    const { tag } = await addTagKey(keys);
    const ways = async (call: () => Promise<unknown>) => {
      const before = sent.length;
      await call();
      return sent.length - before;
    };
    const window = { max: 5, windowMs: MINUTE };
    const names = ["phone", "address", "prefix", "country", "total"];
    const limits = names.map((name) => ({ name, key: fresh(name), windows: [window, window] }));
    const user = aUser(tag());
    const lease = { key: fresh("guesses"), wanted: 3, cap: 9, expiresAt: NOW + MINUTE };
    const guess = { at: NOW, codeLength: 6 };
    expect(await ways(() => users.signIn({ user, session: aSession(user.id), verificationId: "v" }))).toBe(8);
    await store.take({ member: fresh("m"), limits }, NOW);
    expect(await ways(() => store.take({ member: fresh("m"), limits, lease }, NOW))).toBe(1);
    expect(await ways(() => ledger.record(fresh("guess"), user.phoneTag, "stranger", guess))).toBe(1);
    await watched.close();
  });
});
