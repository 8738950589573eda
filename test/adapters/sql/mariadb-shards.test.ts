import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOW } from "../../contracts/samples.ts";
import { hasMariadb, openTestMysql, type TestMysql } from "../../support/mysql.ts";
import { buildChildren, type Children } from "./children.ts";
import { refusedSuite } from "./refused-suite.ts";

const clock = { now: () => NOW };
const PROCESSES = 4;
const TAKES_EACH = 60;

describe.runIf(hasMariadb())("mariadb: counters that four processes share", () => {
  let children: Children;
  beforeAll(async () => {
    children = await buildChildren();
  }, 60_000);
  afterAll(() => children.remove());

  test.each([
    [100, 1],
    [100, 32],
    [20, 32],
  ])("let exactly %i through, over %i parts", async (max, shards) => {
    const { server, database } = await openTestMysql(clock);
    const counter = { name: "total", key: "total", windows: [{ max, windowMs: 60_000 }], shards };
    const words = ["take", JSON.stringify(server), JSON.stringify({ ...counter, takes: TAKES_EACH })];
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => children.run(...words)));
    expect(ended.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(""));
    const passed = ended.map(({ stdout }) => Number(stdout));
    expect(passed.reduce((sum, each) => sum + each, 0)).toBe(max);
    const parts = await database.db.selectFrom("limit_events").select("part").distinct().execute();
    expect(parts.length).toBe(Math.min(shards, max));
    await database.close();
  });

  test.each([
    [301, 3, 1],
    [301, 3, 16],
    [400, 30, 16],
  ])("spend %i exactly as far as %i at a time go, over %i parts", async (max, amount, shards) => {
    const { server, database } = await openTestMysql(clock);
    const sum = { name: "spend", key: "spend", amount, windows: [{ max, windowMs: 3_600_000 }], shards };
    const words = ["take", JSON.stringify(server), JSON.stringify({ ...sum, takes: TAKES_EACH })];
    const ended = await Promise.all(Array.from({ length: PROCESSES }, () => children.run(...words)));
    expect(ended.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(""));
    const passed = ended.reduce((total, { stdout }) => total + Number(stdout), 0);
    expect(passed).toBe(Math.floor(max / amount));
    const rows = await database.db.selectFrom("limit_sums").select("amount").execute();
    expect(rows.reduce((total, each) => total + each.amount, 0)).toBe(passed * amount);
    expect(rows).toHaveLength(shards);
    await database.close();
  });
});

describe.runIf(hasMariadb())("mariadb: what is refused writes nothing", () => {
  let seen: string[] = [];
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql(clock, { onStatement: (sql) => seen.push(sql) });
  });
  afterAll(() => opened.close());

  refusedSuite(
    () => ({
      limits: opened.stores.limits,
      statements() {
        const since = seen;
        seen = [];
        return since;
      },
    }),
    { looks: 3 },
  );
});
