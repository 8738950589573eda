import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTick } from "../../src/cli/tick/ticks.ts";
import { openDatabase } from "../../src/compose/database.ts";
import { migrateDatabase } from "../../src/compose.ts";
import type { Config } from "../../src/config.ts";
import { testConfig } from "../support/world.ts";

const OVER = 2_000;

let folder: string;
let config: Config;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-time-left-"));
  config = testConfig(folder);
  await migrateDatabase(config);
  const database = await openDatabase(config);
  const events = Array.from({ length: OVER }, (_, at) => ({ type: "sign_in" as const, user_id: "u", at }));
  await database.db.insertInto("events").values(events).execute();
  await database.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a tick without time left leaves the rest to the next tick, which does all", async () => {
  const left = [2, 1];
  const first = await runTick(config, () => left.shift() ?? 0);
  expect(first).toMatchObject({ ran: true, complete: false, failures: [] });
  const second = await runTick(config);
  expect(second).toMatchObject({ ran: true, complete: true });
  const removed = [first, second].map((report) => (report.ran ? report.removed.events : 0));
  expect(removed[1]).toBeGreaterThan(0);
  expect((removed[0] ?? 0) + (removed[1] ?? 0)).toBe(OVER);
});

test("a tick that works in several rounds reports their sum", async () => {
  const database = await openDatabase(config);
  // Each piece takes so long that there is time for some of them, and not for all.
  await sql`CREATE TRIGGER slow AFTER DELETE ON events WHEN old.id % 500 = 0
    BEGIN SELECT randomblob(20000000); END`.execute(database.db);
  await database.close();
  const left = [200];
  const report = await runTick(config, () => left.shift() ?? Number.POSITIVE_INFINITY);
  expect(report).toMatchObject({ ran: true, complete: true, removed: { events: OVER } });
});
