import { expect, onTestFinished, test, vi } from "vitest";
import { NoSecretError } from "../../src/adapters/keyring/wrap.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { createRecords } from "../../src/compose/tools/records.ts";
import { openTestDatabase } from "../support/database.ts";

test("createRecords closes the database if there is no secret for its keys", async () => {
  const opened = await openTestDatabase(systemClock);
  onTestFinished(opened.close);
  const close = vi.fn(async () => {});
  const parts = { clock: systemClock, random: systemRandom };
  const records = createRecords({ secrets: [] }, { ...opened.database, close }, parts);
  await expect(records).rejects.toThrow(NoSecretError);
  expect(close).toHaveBeenCalledOnce();
});
