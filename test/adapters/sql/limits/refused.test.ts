import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";
import { createWorld } from "../../../support/world.ts";
import { createStatementLog, refusedSuite } from "./refused-suite.ts";

describe("sqlite: what is refused writes nothing", () => {
  const log = createStatementLog();
  let opened: TestDatabase;
  beforeAll(async () => {
    opened = await openTestDatabase({ now: () => NOW }, { onStatement: log.note });
  });
  afterAll(() => opened.close());

  refusedSuite(() => ({ limits: opened.stores.limits, statements: log.taken }), { looks: 2 });

  test("a start that is refused by a limit changes neither the database file nor its log", async () => {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-refused-"));
    const file = join(folder, "data/phonekey.db");
    const world = await createWorld({ folder, env: { STATE_URL: "database" } });
    const start = async () => (await world.post("/v1/verifications", { phone: "13800138000" })).status;
    expect(await start()).toBe(201);
    const bytes = () =>
      createHash("sha256")
        .update(readFileSync(file))
        .update(readFileSync(`${file}-wal`))
        .digest("hex");
    const before = bytes();
    for (let n = 0; n < 5; n++) expect(await start()).toBe(429);
    expect(bytes()).toBe(before);
    world.clock.advance(60_000);
    expect(await start()).toBe(201);
    expect(bytes()).not.toBe(before);
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
