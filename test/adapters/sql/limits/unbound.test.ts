import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../../src/adapters/memory/limits.ts";
import type { LimitStore } from "../../../../src/core/protection/limits/ports.ts";
import { DAY, fresh, MINUTE, NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";

let opened: TestDatabase;
beforeEach(async () => {
  opened = await openTestDatabase({ now: () => NOW });
});
afterEach(() => opened.close());

/** Two API keys of one backend, one of them without a limit: `SendLimit` "backend" counts both together. */
describe("a take under a limit without windows", () => {
  const stores: [string, () => LimitStore][] = [
    ["SQLite", () => opened.stores.limits],
    ["memory", () => createMemoryLimitStore()],
  ];
  test.each(stores)("counts for a day against takes that have a window: %s", async (_, open) => {
    const limits = open();
    const [key, member] = [fresh("backend-sends"), () => fresh("member")];
    const unbound = { name: "backend", key, windows: [] };
    const bound = { name: "backend", key, windows: [{ max: 3, windowMs: DAY }] };
    for (let n = 0; n < 3; n++) await limits.take({ member: member(), limits: [unbound] }, NOW + n);
    const other = () => ({ name: "other", key: fresh("other"), windows: [{ max: 1, windowMs: DAY }] });
    for (let n = 0; n < 4; n++) await limits.take({ member: member(), limits: [other()] }, NOW + 5 * MINUTE);
    expect(await limits.take({ member: member(), limits: [bound] }, NOW + 6 * MINUTE)).toMatchObject({
      ok: false,
      refusedBy: "backend",
    });
  });

  test("counts after a restart too", async () => {
    const key = fresh("backend-sends");
    const unbound = { name: "backend", key, windows: [] };
    const bound = { name: "backend", key, windows: [{ max: 3, windowMs: DAY }] };
    for (let n = 0; n < 3; n++)
      await opened.stores.limits.take({ member: fresh("m"), limits: [unbound] }, NOW + n);
    opened = await opened.reopen();
    const taken = await opened.stores.limits.take({ member: fresh("m"), limits: [bound] }, NOW + 6 * MINUTE);
    expect(taken).toMatchObject({ ok: false, refusedBy: "backend" });
  });
});
