import { expect } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import type { Limit, LimitStore } from "../../../../src/core/protection/limits/ports.ts";
import { DAY, fresh, MINUTE, NOW } from "../../../contracts/samples.ts";

const TABLES = ["limit_events", "limit_leases", "limit_sums", "limit_seeds"] as const;
const WINDOW_MS = DAY;
const SLOT = Math.floor(NOW / (DAY / 60));

/** What an earlier version counted in tables: counters and sums, whole and in parts, and a lease. */
export async function countInTables({ db }: Pick<SqlDatabase, "db">) {
  const names = {
    key: fresh("key"),
    split: fresh("split"),
    guesses: fresh("guesses"),
    budget: fresh("budget"),
    epoch: fresh("epoch"),
  };
  const { key, split, guesses, budget, epoch } = names;
  const member = (n: number) => `${key}.${n}`;
  const events = Array.from({ length: 2_500 }, (_, n) => ({ limit_key: key, member: member(n), at: NOW }));
  const parts = Array.from({ length: 20 }, (_, n) => {
    return { limit_key: split, part: n % 8, member: member(n), at: NOW - n };
  });
  for (let from = 0; from < events.length; from += 500)
    await db
      .insertInto("limit_events")
      .values(events.slice(from, from + 500))
      .execute();
  await db.insertInto("limit_events").values(parts).execute();
  const lease = { limit_key: guesses, member: member(0), amount: 2, ends_at: NOW + MINUTE };
  await db.insertInto("limit_leases").values(lease).execute();
  const sum = { slot: SLOT, ends_at: NOW + DAY };
  await db
    .insertInto("limit_sums")
    .values([
      { ...sum, limit_key: `${budget}/${WINDOW_MS}`, amount: 100 },
      { ...sum, limit_key: `${budget}/${WINDOW_MS}#3`, amount: 40 },
    ])
    .execute();
  await db.insertInto("limit_seeds").values({ epoch }).execute();
  return names;
}

/** Asserts that all of it counts, and that the tables are empty. */
export async function expectMoved(
  { db }: Pick<SqlDatabase, "db">,
  limits: LimitStore,
  { key, split, guesses, budget, epoch }: Awaited<ReturnType<typeof countInTables>>,
): Promise<void> {
  const take = (limit: Limit) => limits.take({ member: fresh("member"), limits: [limit] }, NOW);
  const upTo = (key: string, max: number) => ({ name: "sends", key, windows: [{ max, windowMs: MINUTE }] });
  const money = (max: number) => {
    return { name: "money", key: budget, amount: 7, windows: [{ max, windowMs: WINDOW_MS }] };
  };
  expect(await limits.seeded(epoch)).toBe(true);
  expect(await take(upTo(key, 2_500))).toMatchObject({ ok: false });
  expect(await take(upTo(key, 2_501))).toMatchObject({ ok: true });
  expect(await take(upTo(split, 20))).toMatchObject({ ok: false });
  expect(await take(money(146))).toMatchObject({ ok: false });
  expect(await take(money(147))).toMatchObject({ ok: true });
  const lease = { key: guesses, wanted: 9, cap: 3, expiresAt: NOW + MINUTE };
  expect(await limits.take({ member: fresh("m"), limits: [], lease }, NOW)).toMatchObject({ leased: 1 });
  for (const table of TABLES) expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
}
