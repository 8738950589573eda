import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sweepTables } from "../../../../src/adapters/sql/limits/sweep.ts";
import { createSweeps } from "../../../../src/adapters/sql/maintenance/retention.ts";
import { fresh, NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";

const TABLES = ["limit_events", "limit_leases", "limit_sums", "limits"] as const;

describe("sweeps", () => {
  let opened: TestDatabase;
  beforeEach(async () => {
    opened = await openTestDatabase({ now: () => NOW });
  });
  afterEach(() => opened.close());

  test("delete old wrong codes of apps and of phones, both together at most the number asked for", async () => {
    const { database, stores } = opened;
    const wrong = (ms: number) => ({ id: fresh("wrong"), bucket: "device" as const, at: NOW - ms });
    const ofApps = [0, 1, 2, 3].map((ms) => ({ ...wrong(ms), user_id: "user" }));
    const ofPhones = [1, 2].map((ms) => ({ ...wrong(ms), phone_tag: "k.tag", code_length: 6 }));
    await database.db.insertInto("factor_failures").values(ofApps).execute();
    await database.db.insertInto("failures").values(ofPhones).execute();
    const { failures } = createSweeps(database, stores);
    expect([await failures(NOW, 3), await failures(NOW, 3), await failures(NOW, 3)]).toEqual([3, 2, 0]);
    expect(await database.db.selectFrom("factor_failures").select("at").execute()).toEqual([{ at: NOW }]);
  });

  test("delete old limits of an earlier version, from all tables together at most the number asked for", async () => {
    const { db } = opened.database;
    for (const ms of [2, 1, 0, -1]) {
      const [limit_key, member, at] = [`key ${ms}`, `member ${ms}`, NOW - ms];
      await db.insertInto("limit_events").values({ limit_key, member, at }).execute();
      await db.insertInto("limit_leases").values({ limit_key, member, amount: 1, ends_at: at }).execute();
      await db.insertInto("limit_sums").values({ limit_key, slot: 1, amount: 1, ends_at: at }).execute();
      await db.insertInto("limits").values({ limit_key, touched_at: at }).execute();
    }
    const sweep = sweepTables(opened.database);
    const swept: number[] = [];
    for (let left = 1; left > 0; swept.push(left)) left = await sweep(NOW, 3);
    expect(swept).toEqual([3, 3, 3, 0]);
    const left: string[][] = [];
    for (const table of TABLES) {
      const rows = await db.selectFrom(table).select("limit_key").orderBy("limit_key", "desc").execute();
      left.push(rows.map(({ limit_key }) => limit_key));
    }
    const [others, leases] = [["key 0", "key -1"], ["key -1"]];
    expect(left).toEqual([others, leases, others, others]);
  });
});
