import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createConnector, type MysqlConnection } from "../../../../src/adapters/sql/mysql/connection.ts";
import { heapBytes } from "../../../support/heap.js";
import { hasMariadb, mariadbServer } from "../../../support/services/mysql.ts";

const STATEMENTS = 30;
const VALUES = 2_000;

/** A different text for each name. */
function anyOf(values: number, name: string): string {
  return `select 1 in (${Array.from({ length: values }, () => "?").join(",")}) as ${name}`;
}

describe.runIf(hasMariadb())("mariadb: prepared statements", () => {
  let connection: MysqlConnection;
  beforeAll(async () => {
    const times = { connectTimeoutMs: 5_000, statementTimeoutMs: 30_000, lockWaitSeconds: 5 };
    connection = await (await createConnector(mariadbServer(), times))();
  });
  afterAll(() => connection?.destroy());

  const ask = async (name: string, values = VALUES) =>
    await connection.run(
      anyOf(values, name),
      Array.from({ length: values }, (_, n) => n),
    );

  test("take little memory, however many values they have", async () => {
    await ask("first");
    const before = heapBytes();
    for (let n = 0; n < STATEMENTS; n += 1) await ask(`n${n}`);
    // mysql2 by itself keeps 200.
    expect((heapBytes() - before) / (STATEMENTS * VALUES)).toBeLessThan(30);
  });

  test("bind numbers, texts and nulls unchanged, also when they run again", async () => {
    for (let n = 0; n < 3; n += 1) {
      const rows = await connection.run("select ? + 1 as n, ? as t, ? as none", [n, "中文", null]);
      expect(rows).toEqual([{ n: n + 1, t: "中文", none: null }]);
    }
  });

  test("run in the order in which they were asked for, also if some have to be prepared first", async () => {
    await connection.run("create temporary table kept (n int) engine = innodb");
    await connection.run("begin");
    await Promise.all([connection.run("insert into kept values (?)", [1]), connection.run("rollback")]);
    expect(await connection.run("select n from kept")).toEqual([]);
  });

  test("reject with the server's error, and later statements run", async () => {
    await expect(connection.run("select ? from nowhere_at_all", [1])).rejects.toThrow("nowhere_at_all");
    expect(await ask("after", 3)).toEqual([{ after: 1 }]);
  });
});
