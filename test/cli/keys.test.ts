import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { keysCommand } from "../../src/cli/keys/keys.ts";
import { createWorld } from "../support/world.ts";
import { runCommand } from "./run.ts";

test("keys rotate --json prints what was done if a later step fails", async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const url = `sqlite:${world.folder}/data/phonekey.db`;
  const { db, close } = await openSqlite(url);
  onTestFinished(close);
  await sql`CREATE TRIGGER refused BEFORE INSERT ON keys WHEN NEW.kind = 'refresh'
    BEGIN SELECT RAISE(ABORT, 'not this one'); END`.execute(db);
  const env = { DATABASE_URL: url, PHONEKEY_SECRETS: world.config.secrets.join(",") };
  const rotate = ["rotate", "code", "refresh", "signing", "--json"];
  const { code, stdout, stderr } = await runCommand(keysCommand(), rotate, env);
  expect([code, stderr]).toEqual([1, "phonekey: not this one\n"]);
  const newest = db.selectFrom("keys").selectAll().where("kind", "=", "code").orderBy("sequence", "desc");
  const { id, active_from: activeFrom } = await newest.executeTakeFirstOrThrow();
  const added = [{ kind: "code", id, activeFrom }];
  expect(JSON.parse(stdout)).toEqual({ wrapped: 0, added, error: "not this one" });
});
