import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTurns } from "../../src/adapters/sql/maintenance/turns.ts";
import { openDatabase } from "../../src/compose/database.ts";
import { maintenanceTools } from "../../src/compose/tools/maintenance.ts";
import { migrateDatabase } from "../../src/compose.ts";
import { TICK } from "../../src/core/maintenance/tick.ts";
import { testConfig } from "../support/world.ts";

const WEBHOOK = {
  SMS_SENDER: "webhook",
  SMS_WEBHOOK: "http://127.0.0.1:1/",
  SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};

test.each([
  ["leaves the turn to a server with the console sender, whose notices only the server can show", {}, true],
  ["takes the turn with another sender", WEBHOOK, false],
])("a tick beside servers %s", async (_, env, hasTurn) => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-tick-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = testConfig(folder, env);
  await migrateDatabase(config);
  const tools = await maintenanceTools(config);
  expect(await tools.tick()).toMatchObject({ ran: true, complete: true });
  await tools.close();
  const database = await openDatabase(config);
  const now = Date.now();
  const turn = { task: TICK, holder: "a server", until: now + 60_000, notSince: now - 45_000 };
  expect(await createTurns(database).take(turn, now)).toBe(hasTurn);
  await database.close();
});
