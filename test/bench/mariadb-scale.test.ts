import { describe, expect, test } from "vitest";
import { measureCost } from "../../bench/scale/cost.ts";
import { mariadbCounters, measureCounters } from "../../bench/scale/counters.ts";
import { fill, sizesOf } from "../../bench/scale/fill.ts";
import { install } from "../../bench/scale/installation.ts";
import { signIn } from "../../bench/scale/people.ts";
import { startPhonekey } from "../../bench/scale/phonekey.ts";
import { collectPlans, scanning } from "../../bench/scale/plans.ts";
import { phoneOf } from "../../bench/scale/rows.ts";
import { hasMariadb, newDatabase, useOwnMariadb } from "../support/services/mysql.ts";

// The statements are read from the server's log, which also has those of other tests.
useOwnMariadb();

const COUNTS = { users: 300, sessions: 300, messages: 900, events: 600, failures: 30 };

/** Holds that the measurements of `docs/scaling.md` can be repeated, not what they result in. */
describe.runIf(hasMariadb())("npm run scale, in a small form,", () => {
  test("fills a database with users who can sign in, and shows how each statement is served", async () => {
    const [bare, filled] = [await install(await newDatabase()), await install(await newDatabase())];
    await fill(filled, COUNTS, () => {});
    const tables = (await sizesOf(filled)).map(({ table }) => table);
    expect(tables).toEqual(expect.arrayContaining(Object.keys(COUNTS)));

    const plans = await collectPlans(filled);
    expect(plans.length).toBeGreaterThan(30);
    expect(plans.flatMap(({ steps }) => steps.map(({ table }) => table))).toContain("limit_journal");
    expect(scanning(plans)).toEqual([]);

    const [onBare, onFilled] = await Promise.all([startPhonekey(bare), startPhonekey(filled)]);
    const sides = {
      bare: { installation: bare, phonekey: onBare, users: 2 },
      filled: { installation: filled, phonekey: onFilled, users: COUNTS.users },
    };
    const { opened } = await signIn(onFilled, filled, phoneOf(5));
    expect(opened.created).toBe(false);
    const costs = await measureCost(sides, { rounds: 1, cycles: 1 });
    expect(costs.map(({ who, ratios }) => [who, ratios.length])).toEqual([
      ["new", 1],
      ["returning", 1],
    ]);
    for (const { bareMs, filledMs } of costs) expect(Math.min(...bareMs, ...filledMs)).toBeGreaterThan(0);
    await Promise.all([onBare.stop(), onFilled.stop()]);
  });

  test("measures callers that share no counter, one counter, or sums", async () => {
    const options = { connections: 8, rounds: 1, roundMs: 100, awayMs: 1 };
    const measured = await measureCounters(mariadbCounters(await newDatabase(), 8), options);
    expect(measured.map(({ sharing }) => sharing)).toEqual(["none", "counter", "sums"]);
    for (const { perSecond } of measured) expect(Math.min(...perSecond)).toBeGreaterThan(0);
  });

  test("finds a statement that reads a whole table", () => {
    const step = { table: "users", type: "ALL", key: null, rows: 10_000_000 };
    const plans = [
      { sql: "one", steps: [step] },
      { sql: "other", steps: [{ ...step, type: "ref" }] },
    ];
    expect(scanning(plans)).toEqual(plans.slice(0, 1));
  });

  test("gives every user a different number", () => {
    expect(new Set(Array.from({ length: 10_000 }, (_, n) => phoneOf(n))).size).toBe(10_000);
  });
});
