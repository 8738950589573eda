import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { restoredCommand } from "../../src/cli/restored.ts";
import { apiKey, revoke } from "../backend/support.ts";
import { createTestClock, createWorld } from "../support/world.ts";
import { runCommand } from "./run.ts";

/** The environment of a world with one session and two backends, where ending the API keys of `shop` fails. */
async function stuck() {
  const world = await createWorld({ clock: createTestClock(Date.now()) });
  onTestFinished(() => world.close());
  await world.signIn();
  for (const client of ["bank", "shop"]) await apiKey(world, { client });
  const url = `sqlite:${world.folder}/data/phonekey.db`;
  const { db, close } = await openSqlite(url);
  await sql`CREATE TRIGGER stuck BEFORE UPDATE ON api_keys WHEN NEW.client = 'shop'
    BEGIN SELECT RAISE(ABORT, 'not these'); END`.execute(db);
  await close();
  return { DATABASE_URL: url, PHONEKEY_SECRETS: world.config.secrets.join(",") };
}

test("restored prints what was done if a later step fails", async () => {
  const env = await stuck();
  const failed = { code: 1, stderr: "phonekey: not these\n" };
  const json = await runCommand(restoredCommand(), ["--end-api-keys", "--json"], env);
  const counts = { sessions: 1, phoneChanges: 0, erased: 0, unknown: 0, unreadable: 0 };
  expect(json).toMatchObject(failed);
  const ended = { backends: ["bank"], endedApiKeys: true };
  expect(JSON.parse(json.stdout)).toEqual({ ...counts, ...ended, error: "not these" });
  const text = await runCommand(restoredCommand(), ["--end-api-keys"], await stuck());
  expect(text).toMatchObject(failed);
  expect(text.stdout).toMatch(/^Ended 1 session and [^\n]+\nEnded the API keys of bank: [^\n]+\n$/);
});

test("restored prints what was done, which erasures failed, and each backend with valid API keys once", async () => {
  const world = await createWorld({ clock: createTestClock(Date.now()) });
  onTestFinished(() => world.close());
  const { user } = await world.signIn();
  for (const client of ["bank", "gone", "shop", "shop"]) await apiKey(world, { client });
  await revoke(world, "gone");
  const erased = join(world.folder, "erased.txt");
  writeFileSync(erased, `${user.id}\nnobody\n!\n`);
  const env = {
    DATABASE_URL: `sqlite:${world.folder}/data/phonekey.db`,
    PHONEKEY_SECRETS: world.config.secrets.join(","),
  };

  expect(await runCommand(restoredCommand(), ["--erasures", erased], env)).toEqual({
    code: 1,
    stdout:
      "Ended 1 session and took back 0 changes of number. Erased 1 user again; 1 id of the list was not found.\n" +
      "The API keys of bank, shop are valid, even those that were revoked since the backup: revoke or rotate them.\n",
    stderr: "1 line of the list has no id, so nobody was erased there.\n",
  });
  const { stdout } = await runCommand(restoredCommand(), ["--end-api-keys"], env);
  expect(stdout).toContain(
    "\nEnded the API keys of bank, shop: make new ones with `phonekey keys api create`.\n",
  );
});
