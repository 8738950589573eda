import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOW } from "../../contracts/samples.ts";
import { hasMariadb, openTestMysql } from "../../support/mysql.ts";
import { buildChildren, type Children } from "./children.ts";

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
});
