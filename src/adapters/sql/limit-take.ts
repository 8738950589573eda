import type { Kysely } from "kysely";
import { tellsNext } from "../../core/protection/backoff.ts";
import type { Lease, LimitCheck, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import type { SqlDatabase } from "./database.ts";
import { type Answer, ask } from "./limit-checks.ts";
import { lock } from "./limit-locks.ts";
import { type Counter, countersOf, lockKey, type Reach } from "./limit-parts.ts";
import { countSums, countsAmount, readTotals, roomFor, sumsFreeAt, type Totals } from "./limit-sums.ts";
import type { Schema } from "./schema.ts";

type Refused = TakeResult & { readonly ok: false };

/** Carries a refusal out of its transaction, so that what was not taken leaves no row behind, not even one to lock. */
class Refusal extends Error {
  readonly refused: Refused;

  constructor(refusedBy: string, retryAt: number) {
    super("refused");
    this.refused = { ok: false, refusedBy, retryAt };
  }
}

/** A part was full, and another one has room. */
class Crowded extends Error {}

/**
 * Looks first, without a lock: what is committed is enough to refuse, so that whoever is refused writes nothing and holds
 * up nobody. What may pass is looked at again in a transaction that locks every counter it counts on; of a counter that
 * is split, the member's own part. Where that one is full and others are not, all parts are locked: so a take holds up
 * those of the same part alone, until its counter is nearly full, and from then on few succeed.
 */
export async function take(
  { db, transaction }: Pick<SqlDatabase, "db" | "transaction">,
  request: TakeRequest,
  now: number,
): Promise<TakeResult> {
  try {
    const seen = await choose(db, request, "own", now);
    const taken = seen.isCrowded ? undefined : await attempt(transaction, request, "own", now);
    return taken ?? (await attemptOnAll(transaction, request, now));
  } catch (error) {
    if (error instanceof Refusal) return error.refused;
    throw error;
  }
}

async function attemptOnAll(
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
    if (error instanceof Crowded) return undefined;
    throw error;
  }
}

async function takeOrThrow(
  trx: Kysely<Schema>,
  request: TakeRequest,
  reach: Reach,
  now: number,
): Promise<TakeResult> {
  const { member, checks, lease } = request;
  await lock(trx, locksOf(request, reach), now);
  const { parts, totals, exceeded, leased, isCrowded } = await choose(trx, request, reach, now);
  if (isCrowded) throw new Crowded();
  if (lease) await setAside(trx, { ...lease, wanted: leased }, member);
  await count(trx, parts, member, now);
  await countSums(trx, checks, { totals, member, reach, now });
  const waitUntil = await nextAt(trx, checks, now);
  return { ok: true, leased, nextAt: waitUntil, ...(exceeded.length > 0 && { exceeded }) };
}

interface Look {
  readonly check: LimitCheck;
  readonly counters: readonly Counter[];
}

function looksOf({ checks, member }: TakeRequest, reach: Reach): readonly Look[] {
  return checks.map((check) => ({ check, counters: countersOf(check, member, reach) }));
}

function locksOf(request: TakeRequest, reach: Reach): readonly string[] {
  const { lease } = request;
  const keys = looksOf(request, reach).flatMap(({ check, counters }) => [
    ...counters.map(({ part }) => lockKey(check, part)),
    ...(check.share ? [check.share.key] : []),
  ]);
  return lease ? [...keys, lease.key] : keys;
}

interface Choice {
  /** By key, the part to count in; nothing is counted where a check's share is full. */
  readonly parts: ReadonlyMap<string, number>;
  readonly totals: Totals;
  /** The names of the advisory checks that would have refused. */
  readonly exceeded: readonly string[];
  /** How many guesses may be set aside. */
  readonly leased: number;
  /** Whether a part within reach is full and another one has room. */
  readonly isCrowded: boolean;
}

/** Finds room for every check, or throws `Refusal` for the first that has none. Writes nothing. */
async function choose(db: Kysely<Schema>, request: TakeRequest, reach: Reach, now: number): Promise<Choice> {
  const looks = looksOf(request, reach);
  const { free, shares, ...answer } = await askAll(db, request, looks, now);
  if (!answer.isSeeded) throw new Refusal("unseeded", now);
  const totals = await readTotals(db, request.checks, now);
  const seen = { db, looks, free, held: answer.held, totals, member: request.member, reach, now };
  const parts = new Map<string, number>();
  const exceeded: string[] = [];
  let isCrowded = false;
  for (const [index, { check, counters }] of looks.entries()) {
    const room = together(looks, free, index).findIndex((at) => at <= now);
    const part = counters[Math.max(0, room)]?.part ?? 0;
    const isCounted = !countsAmount(check) && (!check.advisory || !parts.has(check.key));
    if (isCounted) parts.set(check.key, part);
    const retryAt = countsAmount(check) ? await sumRetryAt(check, seen) : await eventRetryAt(index, seen);
    if (retryAt === "room") continue;
    if (retryAt === "crowded") isCrowded ||= !check.advisory;
    else if (check.advisory) exceeded.push(check.name);
    else throw new Refusal(check.name, retryAt);
  }
  const leased = request.lease ? leaseOf(request.lease, answer.leased) : 0;
  return { parts: withShares(request.checks, parts, shares), totals, exceeded, leased, isCrowded };
}

/** Asks for all looks and shares at once. */
async function askAll(db: Kysely<Schema>, request: TakeRequest, looks: readonly Look[], now: number) {
  const { member, checks, epoch, lease } = request;
  const shares = checks.flatMap(({ share }) =>
    share ? [{ name: "share", key: share.key, windows: [share], part: 0 }] : [],
  );
  const question = {
    counters: [...looks.flatMap(({ counters }) => counters), ...shares],
    member,
    ...(epoch !== undefined && { epoch }),
    ...(lease && { lease }),
  };
  const { free, ...answer } = await ask(db, question, now);
  const ends = [...free];
  return {
    ...answer,
    free: looks.map(({ counters }) => ends.splice(0, counters.length)),
    shares: new Map(shares.map(({ key }, index) => [key, (ends[index] ?? now) <= now])),
  };
}

interface Seen {
  readonly db: Kysely<Schema>;
  readonly looks: readonly Look[];
  readonly free: readonly (readonly number[])[];
  readonly held: ReadonlySet<string>;
  readonly totals: Totals;
  readonly member: string;
  readonly reach: Reach;
  readonly now: number;
}

/** Whether there is room within reach, and elsewhere; where there is none at all, when there will be. */
type Verdict = "room" | "crowded" | number;

async function eventRetryAt(index: number, { db, looks, free, held, member, now }: Seen): Promise<Verdict> {
  const look = looks[index] as Look;
  // Counted before: the caller lost a race against itself.
  if (held.has(look.check.key)) return now + 1;
  const retryAt = Math.min(...together(looks, free, index));
  if (retryAt <= now) return "room";
  if (look.counters.length === (look.check.shards ?? 1)) return retryAt;
  const anyAt = await anyFreeAt(db, looks.slice(0, index + 1), member, now);
  return anyAt <= now ? "crowded" : anyAt;
}

async function sumRetryAt(
  check: LimitCheck & { readonly amount: number },
  { db, totals, member, reach, now }: Seen,
): Promise<Verdict> {
  const room = roomFor(check, totals, { member, reach });
  return room === "full" ? await sumsFreeAt(db, check, now) : room;
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
  db: Kysely<Schema>,
  looks: readonly Look[],
  member: string,
  now: number,
): Promise<number> {
  const last = looks.at(-1)?.check;
  const same = looks.filter(({ check }) => check.key === last?.key);
  const wide = same.map(({ check }) => ({ check, counters: countersOf(check, member, "all") }));
  const { free } = await ask(db, { counters: wide.flatMap(({ counters }) => counters) }, now);
  const ends = [...free];
  const byLook = wide.map(({ counters }) => ends.splice(0, counters.length));
  return Math.min(...together(wide, byLook, wide.length - 1));
}

/** How many guesses may be set aside. */
function leaseOf({ wanted, cap, expiresAt }: Lease, { amount, endsAt }: Answer["leased"]): number {
  const free = Math.min(wanted, cap - amount);
  if (free < 1) throw new Refusal("lease", Math.min(endsAt, expiresAt));
  return free;
}

async function setAside(
  trx: Kysely<Schema>,
  { key, wanted, expiresAt }: Lease,
  member: string,
): Promise<void> {
  await trx
    .insertInto("limit_leases")
    .values({ limit_key: key, member, amount: wanted, ends_at: expiresAt })
    .execute();
}

/** Counts on a share, too, where it has room; where it is full, on neither of the two. */
function withShares(
  checks: TakeRequest["checks"],
  parts: ReadonlyMap<string, number>,
  hasRoom: ReadonlyMap<string, boolean>,
): ReadonlyMap<string, number> {
  const events = checks.filter((check) => !countsAmount(check));
  const counting = events.filter(({ share }) => !share || hasRoom.get(share.key));
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

/** When the checks with a backoff let the next one through; they are never split. */
async function nextAt(trx: Kysely<Schema>, checks: TakeRequest["checks"], now: number): Promise<number> {
  const waiting = checks.filter(tellsNext);
  const { free } = await ask(trx, { counters: waiting.map((check) => ({ ...check, part: 0 })) }, now);
  return Math.max(now, ...free);
}
