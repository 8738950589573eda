import type { Kysely } from "kysely";
import { tellsNext } from "../../core/protection/backoff.ts";
import type { Lease, LimitCheck, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import { ifAbsent, type SqlDatabase } from "./database.ts";
import { freeAt } from "./limit-checks.ts";
import { type Counter, countersOf, lockKey, type Reach } from "./limit-parts.ts";
import { countSums } from "./limit-sums.ts";
import type { Schema } from "./schema.ts";

type Refused = TakeResult & { readonly ok: false };

/** Carries an outcome out of its transaction, so that what was not taken leaves no row behind, not even one to lock. */
class Undone extends Error {
  /** Absent where a part was full and another one has room. */
  readonly refused: Refused | undefined;

  constructor(refused?: Refused) {
    super("not taken");
    this.refused = refused;
  }
}

/**
 * Takes in one transaction that locks every counter it counts on; of a counter that is split, the member's own part.
 * Where that one is full and others are not, once more with all parts locked: so a take holds up those of the same part
 * alone, until its counter is nearly full, and from then on few succeed.
 */
export async function take(
  transaction: SqlDatabase["transaction"],
  request: TakeRequest,
  now: number,
): Promise<TakeResult> {
  return (await attempt(transaction, request, "own", now)) ?? (await takeFromAll(transaction, request, now));
}

async function takeFromAll(
  transaction: SqlDatabase["transaction"],
  request: TakeRequest,
  now: number,
): Promise<TakeResult> {
  const taken = await attempt(transaction, request, "all", now);
  if (!taken) throw new Error("a take that looked at every part found no answer");
  return taken;
}

/** Undefined where the reach was too short to tell. */
async function attempt(
  transaction: SqlDatabase["transaction"],
  request: TakeRequest,
  reach: Reach,
  now: number,
): Promise<TakeResult | undefined> {
  try {
    return await transaction((trx) => takeOrThrow(trx, request, reach, now));
  } catch (error) {
    if (error instanceof Undone) return error.refused;
    throw error;
  }
}

async function takeOrThrow(
  trx: Kysely<Schema>,
  request: TakeRequest,
  reach: Reach,
  now: number,
): Promise<TakeResult> {
  const { member, checks, lease, epoch } = request;
  if (epoch !== undefined && !(await isSeeded(trx, epoch))) {
    throw new Undone({ ok: false, refusedBy: "unseeded", retryAt: now });
  }
  const looks = checks.map((check) => ({ check, counters: countersOf(check, member, reach) }));
  await lock(trx, lease ? [...locksOf(looks), lease.key] : locksOf(looks), now);
  const { parts, exceeded } = await choose(trx, request, looks, now);
  const leased = lease ? await takeLease(trx, lease, member, now) : 0;
  await count(trx, await counted(trx, checks, parts, now), member, now);
  await countSums(trx, checks, now);
  const waitUntil = await nextAt(trx, looks, now);
  return { ok: true, leased, nextAt: waitUntil, ...(exceeded.length > 0 && { exceeded }) };
}

export async function isSeeded(db: Kysely<Schema>, epoch: string): Promise<boolean> {
  const found = await db
    .selectFrom("limit_seeds")
    .select("epoch")
    .where("epoch", "=", epoch)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Locks what is counted on, always in the same order, so that no two callers wait for each other. SQLite has locked
 * everything by then.
 */
async function lock(trx: Kysely<Schema>, keys: readonly string[], now: number): Promise<void> {
  const values = [...new Set(keys)].sort().map((limit_key) => ({ limit_key, touched_at: now }));
  if (values.length > 0) await ifAbsent(trx.insertInto("limits").values(values)).execute();
}

interface Look {
  readonly check: LimitCheck;
  readonly counters: readonly Counter[];
}

function locksOf(looks: readonly Look[]): readonly string[] {
  return looks.flatMap(({ check, counters }) => [
    ...counters.map(({ part }) => lockKey(check, part)),
    ...(check.share ? [check.share.key] : []),
  ]);
}

interface Choice {
  /** By key, the part to count in. */
  readonly parts: ReadonlyMap<string, number>;
  /** The names of the advisory checks that would have refused. */
  readonly exceeded: readonly string[];
}

/** Finds room for every check, or throws `Undone` for the first that has none. */
async function choose(
  trx: Kysely<Schema>,
  { member, checks }: TakeRequest,
  looks: readonly Look[],
  now: number,
): Promise<Choice> {
  const held = await keysHolding(trx, member, checks);
  const free = await readLooks(trx, looks, now);
  const parts = new Map<string, number>();
  const exceeded: string[] = [];
  let isCrowded = false;
  for (const [index, { check, counters }] of looks.entries()) {
    const ends = together(looks, free, index);
    // Counted before: the caller lost a race against itself.
    const isHeld = check.amount === undefined && held.has(check.key);
    const room = ends.findIndex((at) => at <= now);
    if (!check.advisory || !parts.has(check.key))
      parts.set(check.key, counters[Math.max(0, room)]?.part ?? 0);
    if (room >= 0 && !isHeld) continue;
    const isShort = !isHeld && counters.length < (check.shards ?? 1);
    const some = isShort ? await anyFreeAt(trx, looks.slice(0, index + 1), member, now) : Math.min(...ends);
    const retryAt = isHeld ? now + 1 : some;
    if (retryAt <= now) isCrowded ||= !check.advisory;
    else if (check.advisory) exceeded.push(check.name);
    else throw new Undone({ ok: false, refusedBy: check.name, retryAt });
  }
  if (isCrowded) throw new Undone();
  return { parts, exceeded };
}

/** From when on each part of each check has room; one statement asks for all windows. */
async function readLooks(
  trx: Kysely<Schema>,
  looks: readonly Look[],
  now: number,
): Promise<readonly (readonly number[])[]> {
  const ends = [
    ...(await freeAt(
      trx,
      looks.flatMap(({ counters }) => counters),
      now,
    )),
  ];
  return looks.map(({ counters }) => ends.splice(0, counters.length));
}

/** From when on each part has room for this check and for those before it on the same key, which share one event. */
function together(
  looks: readonly Look[],
  free: readonly (readonly number[])[],
  last: number,
): readonly number[] {
  const own = looks[last]?.check;
  const isSame = ({ check }: Look, index: number) =>
    index === last || (index < last && check.key === own?.key && !check.advisory && !own.advisory);
  const same = free.filter((_, index) => isSame(looks[index] as Look, index));
  return (free[last] ?? []).map((_, part) => Math.max(...same.map((ends) => ends[part] ?? 0)));
}

/**
 * From when on any part has room for the last of these, without a lock: that all were full is true of the moment at
 * which one statement saw them, and that one has room is looked at again.
 */
async function anyFreeAt(
  trx: Kysely<Schema>,
  looks: readonly Look[],
  member: string,
  now: number,
): Promise<number> {
  const last = looks.at(-1)?.check;
  const same = looks.filter(({ check }) => check.key === last?.key);
  const wide = same.map(({ check }) => ({ check, counters: countersOf(check, member, "all") }));
  const free = await readLooks(trx, wide, now);
  return Math.min(...together(wide, free, wide.length - 1));
}

async function keysHolding(
  trx: Kysely<Schema>,
  member: string,
  checks: TakeRequest["checks"],
): Promise<Set<string>> {
  if (checks.length === 0) return new Set();
  const keys = checks.map(({ key }) => key);
  const found = await trx
    .selectFrom("limit_events")
    .select("limit_key")
    .where("limit_key", "in", keys)
    .where("member", "=", member)
    .execute();
  return new Set(found.map(({ limit_key }) => limit_key));
}

/** How many guesses were set aside. */
async function takeLease(
  trx: Kysely<Schema>,
  { key, wanted, cap, expiresAt }: Lease,
  member: string,
  now: number,
): Promise<number> {
  const live = await trx
    .selectFrom("limit_leases")
    .select(["amount", "ends_at"])
    .where("limit_key", "=", key)
    .where("ends_at", ">", now)
    .execute();
  const free = cap - live.reduce((sum, { amount }) => sum + amount, 0);
  const amount = Math.min(wanted, free);
  if (amount < 1) {
    const retryAt = Math.min(...live.map(({ ends_at }) => ends_at), expiresAt);
    throw new Undone({ ok: false, refusedBy: "lease", retryAt });
  }
  await trx
    .insertInto("limit_leases")
    .values({ limit_key: key, member, amount, ends_at: expiresAt })
    .execute();
  return amount;
}

/** Where events are counted: nowhere for a check whose share is full. */
async function counted(
  trx: Kysely<Schema>,
  checks: TakeRequest["checks"],
  parts: ReadonlyMap<string, number>,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const events = checks.filter(({ amount }) => amount === undefined);
  const shares = events.flatMap(({ share }) =>
    share ? [{ name: "share", key: share.key, windows: [share], part: 0 }] : [],
  );
  const free = await freeAt(trx, shares, now);
  const full = new Set(shares.filter((_, index) => (free[index] ?? now) > now).map(({ key }) => key));
  const counting = events.filter(({ share }) => !share || !full.has(share.key));
  return new Map(
    counting.flatMap(({ key, share }): [string, number][] => [
      [key, parts.get(key) ?? 0],
      ...(share ? [[share.key, 0] as [string, number]] : []),
    ]),
  );
}

async function count(
  trx: Kysely<Schema>,
  parts: ReadonlyMap<string, number>,
  member: string,
  now: number,
): Promise<void> {
  if (parts.size === 0) return;
  const values = [...parts].map(([limit_key, part]) => ({ limit_key, part, member, at: now }));
  await trx.insertInto("limit_events").values(values).execute();
}

/** When the checks with a backoff let the next one through. */
async function nextAt(trx: Kysely<Schema>, looks: readonly Look[], now: number): Promise<number> {
  const waiting = looks.filter(({ check }) => tellsNext(check)).flatMap(({ counters }) => counters);
  return Math.max(now, ...(await freeAt(trx, waiting, now)));
}
