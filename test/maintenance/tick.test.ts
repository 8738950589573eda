import fc from "fast-check";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSweeps } from "../../src/adapters/sql/maintenance/retention.ts";
import { createTurns } from "../../src/adapters/sql/maintenance/turns.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { Swept } from "../../src/core/maintenance/ports.ts";
import { TICK, type TickReport, tick } from "../../src/core/maintenance/tick.ts";
import { aKey, DAY, fresh, MINUTE, NOW, parallel } from "../contracts/samples.ts";
import {
  addRow,
  addSession,
  isThere,
  KEPT_MS,
  type Maintained,
  openMaintained,
  RETENTION,
} from "./fixtures.ts";

const TASKS = Object.keys(KEPT_MS) as Swept[];

function ran(report: TickReport): TickReport & { ran: true } {
  if (!report.ran) throw new Error("somebody else had the turn");
  return report;
}

function depsOf({ opened, clock }: Maintained) {
  return {
    sweeps: createSweeps(opened.database, opened.stores),
    turns: createTurns(opened.database),
    pruneKeys: async () => 0,
    databaseNow: async () => undefined,
    clock,
    random: systemRandom,
    retention: RETENTION,
    longestWindowMs: 7 * DAY,
  };
}

describe("tick", () => {
  let world: Maintained;
  beforeEach(async () => {
    world = await openMaintained();
  });
  afterEach(() => world.close());

  const database = () => world.opened.database;
  const addEvents = async (count: number, at: number) => {
    const rows = Array.from({ length: count }, () => ({ user_id: "u", type: "sign_in" as const, at }));
    for (let from = 0; from < count; from += 200) {
      await database()
        .db.insertInto("events")
        .values(rows.slice(from, from + 200))
        .execute();
    }
  };
  const countEvents = async () => {
    const { count } = await database()
      .db.selectFrom("events")
      .select((eb) => eb.fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  };

  test.each(TASKS)("%s: deletes what is over, and keeps what is a millisecond younger", async (task) => {
    const over = await addRow(world, task, NOW - KEPT_MS[task] - 1);
    const last = await addRow(world, task, NOW - KEPT_MS[task]);
    const report = ran(await world.tick());
    expect(report).toMatchObject({ complete: true, failures: [] });
    expect(Object.entries(report.removed).filter(([, count]) => count > 0)).toEqual([[task, 1]]);
    expect(await isThere(database(), task, over)).toBe(false);
    expect(await isThere(database(), task, last)).toBe(true);
  });

  test("keeps the counts of disaster tickets as long as their own windows reach back", async () => {
    const disasterTickets = [{ max: 100, windowMs: 30 * DAY }];
    const maintained = await openMaintained({ challenges: { disasterTickets } });
    const over = await addRow(maintained, "limits", NOW - 31 * DAY - 1);
    const last = await addRow(maintained, "limits", NOW - 31 * DAY);
    expect(ran(await maintained.tick()).removed).toMatchObject({ limits: 1 });
    expect(await isThere(maintained.opened.database, "limits", over)).toBe(false);
    expect(await isThere(maintained.opened.database, "limits", last)).toBe(true);
    await maintained.close();
  });

  test("reports posted alerts and deleted alerts separately, and is not repeated at once if only the posting failed", async () => {
    await addRow(world, "alerts", NOW - KEPT_MS.alerts - 1);
    const deps = depsOf(world);
    const told = { alerts: async () => ({ count: 7, isLast: true }) };
    expect(await tick({ ...deps, jobs: told })).toMatchObject({
      removed: { alerts: 1 },
      done: { alerts: 7 },
    });
    world.clock.advance(MINUTE);
    const deaf = { alerts: () => Promise.reject(new Error("nobody listens")) };
    expect(ran(await tick({ ...deps, jobs: deaf })).failures).toMatchObject([{ task: "alerts" }]);
    expect(await world.tick({ minGapMs: MINUTE })).toEqual({ ran: false });
  });

  test.each([
    ["ahead of", 3 * DAY, NOW],
    ["behind", -3 * DAY, NOW - 3 * DAY],
  ])("does what is due by both clocks, with this one %s the database's", async (_, by, now) => {
    const asked: number[] = [];
    const notices = async (at: number) => {
      asked.push(at);
      return { count: 0, isLast: true };
    };
    world.clock.advance(by);
    await tick({ ...depsOf(world), databaseNow: async () => NOW, jobs: { notices } });
    expect(asked).toEqual([now]);
  });

  test("deletes nothing that is not over, whatever the ages are", async () => {
    const ages = fc.array(
      fc.record({ task: fc.constantFrom(...TASKS), age: fc.integer({ min: -40, max: 200 * 24 * 60 }) }),
      { maxLength: 40, size: "max" },
    );
    await fc.assert(
      fc.asyncProperty(ages, async (rows) => {
        const added: { task: Swept; age: number; id: string | number }[] = [];
        for (const { task, age } of rows) {
          const at = world.clock.now() - age * MINUTE;
          added.push({ task, age, id: await addRow(world, task, at) });
        }
        await world.tick();
        for (const { task, age, id } of added) {
          const expected = age * MINUTE <= KEPT_MS[task];
          expect(await isThere(database(), task, id), `${task}, ${age} minutes old`).toBe(expected);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("keeps a live session however old it is, and deletes one 30 days after its earlier end", async () => {
    const at = (days: number) => NOW + days * DAY;
    const live = await addSession(world.opened, fresh("live"), { expiresAt: at(1) });
    const idle = await addSession(world.opened, fresh("idle"), { expiresAt: at(-29) });
    const expired = await addSession(world.opened, fresh("expired"), { expiresAt: at(-31) });
    const ended = await addSession(world.opened, fresh("ended"), { expiresAt: at(5), endedAt: at(-31) });
    expect(ran(await world.tick()).removed.sessions).toBe(2);
    const there = await Promise.all(
      [live, idle, expired, ended].map((id) => isThere(database(), "sessions", id)),
    );
    expect(there).toEqual([true, true, false, false]);
  });

  test("deletes at most 500 rows in a statement, each by its key", async () => {
    await addEvents(1_700, NOW - 181 * DAY);
    world.statements.length = 0;
    expect(ran(await world.tick()).removed.events).toBe(1_700);
    const deleting = world.statements.filter((text) => text.startsWith('delete from "events"'));
    expect(deleting.map((text) => text.split("?").length - 1)).toEqual([500, 500, 500, 200]);
    expect(deleting[0]).toMatch(/^delete from "events" where "id" in \(\?/);
    expect(await countEvents()).toBe(0);
  });

  test("takes the tasks in turn, so that one with much to do does not delay the others", async () => {
    await addEvents(2_000, NOW - 181 * DAY);
    await addRow(world, "sessions", NOW - 60 * DAY);
    world.statements.length = 0;
    await world.tick();
    const order = world.statements.filter((text) => text.startsWith("delete") && !text.includes("baselines"));
    expect(order.findIndex((text) => text.includes("sessions"))).toBe(1);
  });

  test("ends when its time is over, and the next tick goes on", async () => {
    await addEvents(1_700, NOW - 181 * DAY);
    const clock = world.clock.now;
    const calls = { count: 0 };
    world.clock.now = () => clock() + calls.count++ * 2_000;
    const first = ran(await world.tick({ budgetMs: 20_000 }));
    world.clock.now = clock;
    expect(first.complete).toBe(false);
    expect(await countEvents()).toBe(1_700 - first.removed.events);
    expect(first.removed.events).toBeLessThan(1_700);
    world.clock.advance(5 * MINUTE);
    const second = ran(await world.tick());
    expect(second).toMatchObject({ complete: true });
    expect(first.removed.events + second.removed.events).toBe(1_700);
  });

  test("ends when its signal aborts, which a running job can see", async () => {
    await addEvents(600, NOW - 181 * DAY);
    const stopping = new AbortController();
    const notices = async (_: number, isOver: () => boolean) => {
      const before = isOver();
      stopping.abort();
      return { count: Number(!before && isOver()), isLast: true };
    };
    const report = ran(await tick({ ...depsOf(world), jobs: { notices } }, { signal: stopping.signal }));
    expect(report).toMatchObject({ complete: false, done: { notices: 1 }, removed: { events: 0 } });
  });

  test("is done by one of ten that start at once", async () => {
    await addEvents(1_200, NOW - 181 * DAY);
    const reports = await parallel(10, () => world.tick({ minGapMs: MINUTE }));
    expect(reports.filter((report) => report.ran)).toHaveLength(1);
    expect(reports.find((report) => report.ran)).toMatchObject({ removed: { events: 1_200 } });
  });

  test("is not done again within the gap, unless no gap is asked for", async () => {
    expect(await world.tick({ minGapMs: MINUTE })).toMatchObject({ ran: true });
    world.clock.advance(MINUTE - 1);
    expect(await world.tick({ minGapMs: MINUTE })).toEqual({ ran: false });
    world.clock.advance(1);
    expect(await world.tick({ minGapMs: MINUTE })).toMatchObject({ ran: true });
    expect(await world.tick()).toMatchObject({ ran: true });
  });

  test("deletes nothing the second time", async () => {
    await addEvents(10, NOW - 181 * DAY);
    await world.tick();
    const again = ran(await world.tick());
    expect(Object.values(again.removed)).toEqual(Array(TASKS.length + 1).fill(0));
  });

  test("does the other tasks if one fails, names it, and is due again at once", async () => {
    await addEvents(3, NOW - 181 * DAY);
    const failure = await addRow(world, "failures", NOW - 32 * DAY);
    await sql`ALTER TABLE messages RENAME TO elsewhere`.execute(database().db);
    const report = ran(await world.tick());
    expect(report).toMatchObject({ complete: false, removed: { events: 3, failures: 1 } });
    expect(report.failures.map(({ task }) => task)).toEqual(["traffic", "messages"]);
    expect(await isThere(database(), "failures", failure)).toBe(false);
    expect(await createTurns(database()).finishedAt(TICK)).toBeUndefined();
    await sql`ALTER TABLE elsewhere RENAME TO messages`.execute(database().db);
    expect(await world.tick({ minGapMs: MINUTE })).toMatchObject({ ran: true, complete: true });
    expect(await createTurns(database()).finishedAt(TICK)).toBe(NOW);
  });

  test("is free for others when the turn of a dead process expires", async () => {
    const turn = { task: TICK, holder: "dead", until: NOW + 80_000, notSince: NOW };
    expect(await createTurns(database()).take(turn, NOW)).toBe(true);
    world.clock.advance(79_999);
    expect(await world.tick()).toEqual({ ran: false });
    world.clock.advance(1);
    expect(await world.tick()).toMatchObject({ ran: true });
  });

  test("keeps its turn while the last job takes longer than there is time", async () => {
    const notices = async () => {
      world.clock.advance(20_000 + MINUTE - 1);
      return { count: Number((await world.tick()).ran), isLast: true };
    };
    const report = await tick({ ...depsOf(world), jobs: { notices } });
    expect(report).toMatchObject({ done: { notices: 0 }, complete: false, failures: [] });
    expect(await world.tick({ minGapMs: MINUTE })).toEqual({ ran: false });
  });

  test("does not end the turn of the next process when it ends after its own turn expired", async () => {
    const turns = createTurns(database());
    await turns.take({ task: TICK, holder: "late", until: NOW + 1, notSince: NOW }, NOW);
    await turns.take({ task: TICK, holder: "next", until: NOW + 99, notSince: NOW }, NOW + 1);
    await turns.finish(TICK, "late", NOW + 2);
    expect(await turns.finishedAt(TICK)).toBeUndefined();
    expect(await world.tick()).toEqual({ ran: false });
  });

  test("is not stopped by times in the future, which a wrong clock wrote", async () => {
    const ahead = NOW + 400 * DAY;
    const turns = createTurns(database());
    await turns.take({ task: TICK, holder: "ahead", until: ahead + MINUTE, notSince: ahead }, ahead);
    expect(await world.tick({ minGapMs: MINUTE })).toMatchObject({ ran: true });
    await turns.take({ task: TICK, holder: "ahead", until: ahead, notSince: ahead }, NOW);
    await turns.finish(TICK, "ahead", ahead);
    expect(await world.tick({ minGapMs: MINUTE })).toMatchObject({ ran: true });
  });

  test("deletes keys that are no longer kept", async () => {
    const { keys } = world.opened.stores;
    const old = aKey({ kind: "code", sequence: 1, activeFrom: NOW - 3 * DAY });
    await keys.add(old);
    await keys.add(aKey({ kind: "code", sequence: 2, activeFrom: NOW - DAY }));
    expect(ran(await world.tick()).removed.keys).toBe(1);
    expect((await keys.list()).map(({ id }) => id)).not.toContain(old.id);
  });

  test("reads by an index in every statement", async () => {
    await world.tick();
    const scanning: string[] = [];
    for (const text of new Set(world.statements)) {
      if (!/^(select|update|delete)/.test(text) || /from "keys"|sqlite_master|"migrations"/.test(text))
        continue;
      // What was learned is few rows, and learning sums up days: neither delays a request.
      if (/from "baselines"|group by/.test(text)) continue;
      const filled = text.replaceAll("?", "1");
      const { rows } = await sql<{ detail: string }>`${sql.raw(`EXPLAIN QUERY PLAN ${filled}`)}`.execute(
        database().db,
      );
      if (rows.some(({ detail }) => detail.startsWith("SCAN") || detail.includes("TEMP B-TREE")))
        scanning.push(text);
    }
    expect(scanning).toEqual([]);
    expect(world.statements.filter((text) => text.startsWith("select")).length).toBeGreaterThan(8);
  });
});
