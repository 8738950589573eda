import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MIGRATIONS } from "../../src/adapters/sql/migrations/list.ts";
import { migrate } from "../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { migrateCommand } from "../../src/cli/migrate.ts";
import { temporaryFolder } from "../support/database.ts";
import { runCommand } from "./run.ts";

test.each([
  ["a person", [], /^Applied (?<applied>\S+)\.\nThe database was copied to (?<backup>\S+) before\.\n$/],
  ["a program", ["--json"], /^\{"applied":\["(?<applied>\S+)"\],"backup":"(?<backup>\S+)"\}\n$/],
])("migrate tells %s what was applied, and where the backup is", async (_, args, says) => {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const url = `sqlite:${join(folder, "phonekey.db")}`;
  const database = await openSqlite(url);
  await migrate(database, systemClock, { migrations: MIGRATIONS.slice(0, -1) });
  await database.close();
  const { code, stdout } = await runCommand(migrateCommand(), args, { DATABASE_URL: url });
  const { applied, backup } = says.exec(stdout)?.groups ?? {};
  expect({ code, applied }).toEqual({ code: 0, applied: MIGRATIONS.at(-1)?.name });
  expect(existsSync(backup ?? "")).toBe(true);
});
