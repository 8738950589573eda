import { afterAll, beforeAll, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { migrate } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { reusable } from "../../../../src/adapters/sql/statements/reusable.ts";

let database: SqlDatabase;
beforeAll(async () => {
  database = await openSqlite(":memory:");
  await migrate(database, { now: () => 0 });
});
afterAll(() => database.close());

test("a reusable statement is built once for each number of rows, and takes each row's own values", async () => {
  const { db } = database;
  let built = 0;
  const add = reusable((rows: readonly { subject: string; value: number; updated_at: number }[]) => {
    built += 1;
    return db.insertInto("baselines").values(rows);
  });
  const row = (n: number) => ({ subject: `s${n}`, value: n, updated_at: 1_000 + n });
  await add(db, [row(1)]);
  await add(db, [row(2)]);
  await add(db, [row(3), row(4)]);
  await add(db, [row(5), row(6)]);
  expect(built).toBe(2);
  const found = await db.selectFrom("baselines").selectAll().orderBy("subject").execute();
  expect(found).toEqual([1, 2, 3, 4, 5, 6].map(row));
});

test("a reusable statement in a transaction is rolled back with it", async () => {
  const add = reusable((rows: readonly { subject: string; value: number; updated_at: number }[]) =>
    database.db.insertInto("baselines").values(rows),
  );
  const failing = database.transaction(async (trx) => {
    await add(trx, [{ subject: "undone", value: 1, updated_at: 1 }]);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  const left = await database.db
    .selectFrom("baselines")
    .where("subject", "=", "undone")
    .selectAll()
    .execute();
  expect(left).toEqual([]);
});
