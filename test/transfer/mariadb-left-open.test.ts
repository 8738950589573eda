import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { accountTools } from "../../src/compose/tools/accounts.ts";
import { transferTools } from "../../src/compose/tools/transfer.ts";
import { migrateDatabase } from "../../src/compose.ts";
import { asRoot, hasMariadb, mariadbServer, newDatabase } from "../support/services/mysql.ts";
import { testConfig } from "../support/world.ts";

const OTHER = "8c1f3a97e5d24b60b7f0416ce93d5a82e6407bd1c95f28a3047eb6d18f52c930";

describe.runIf(hasMariadb())("if PHONEKEY_SECRETS do not unwrap the database's keys", () => {
  test.each([
    ["accounts", accountTools],
    ["moving users", transferTools],
  ])("the tools for %s leave no connection open", async (_name, open) => {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { database } = await newDatabase();
    const env = { DATABASE_URL: `mysql://root@127.0.0.1:${mariadbServer().port}/${database}` };
    await migrateDatabase(testConfig(folder, env));
    const tools = await open(testConfig(folder, env));
    await tools.close();

    await expect(open(testConfig(folder, { ...env, PHONEKEY_SECRETS: OTHER }))).rejects.toThrow(
      "is wrapped with",
    );
    const ofIt = `select count(*) as open from information_schema.processlist where db = '${database}'`;
    await expect.poll(() => asRoot(ofIt)).toEqual([{ open: 0 }]);
  });
});
