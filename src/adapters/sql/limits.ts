import type { Kysely } from "kysely";
import type { Lease, LimitStore, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import { ifAbsent, rows, type SqlDatabase } from "./database.ts";
import { freeAt } from "./limit-checks.ts";
import { addSums, countSums, raiseSums } from "./limit-sums.ts";
import { sweepLimits } from "./limit-sweep.ts";
import type { Schema } from "./schema.ts";

type Refused = TakeResult & { readonly ok: false };

/** Rows of one insert; a statement takes a few thousand values at most. */
const SEED_ROWS = 200;

export function createLimitStore({ db, transaction }: SqlDatabase): LimitStore {
  return {
    take: (request, now) => takeOrUndo(transaction, request, now),

    async forget(keys, members) {
      if (keys.length === 0 || members.length === 0) return;
      await db
        .deleteFrom("limit_events")
        .where("limit_key", "in", keys)
        .where("member", "in", members)
        .execute();
    },

    async forgive(keys, count) {
      for (const key of keys) await forgive(db, key, count);
    },

    correct: (sums) => transaction((trx) => addSums(trx, sums)),

    release: (key, member, count) => transaction((trx) => release(trx, { key, member, count })),

    seeded: (epoch) => isSeeded(db, epoch),

    seed: (epoch, events, sums = []) =>
      transaction(async (trx) => {
        await raiseSums(trx, sums);
        for (let from = 0; from < events.length; from += SEED_ROWS) {
          const page = events.slice(from, from + SEED_ROWS);
          const values = page.map(({ key, member, at }) => ({ limit_key: key, member, at }));
          await ifAbsent(trx.insertInto("limit_events").values(values)).execute();
        }
        await ifAbsent(trx.insertInto("limit_seeds").values({ epoch })).execute();
      }),

    sweep: (before, limit) => sweepLimits(db, before, limit),
  };
}

/** Carries a refusal out of its transaction, so that a refused take leaves no row behind, not even one to lock. */
class Undone extends Error {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super("refused");
    this.refused = refused;
  }
}

async function takeOrUndo(
  transaction: SqlDatabase["transaction"],
  request: TakeRequest,
  now: number,
): Promise<TakeResult> {
  try {
    return await transaction(async (trx) => {
      const taken = await take(trx, request, now);
      if (!taken.ok) throw new Undone(taken);
      return taken;
    });
  } catch (error) {
    if (error instanceof Undone) return error.refused;
    throw error;
  }
}

async function take(trx: Kysely<Schema>, request: TakeRequest, now: number): Promise<TakeResult> {
  const { member, checks, lease } = request;
  const keys = checks.flatMap(({ key, share }) => (share ? [key, share.key] : [key]));
  if (request.epoch !== undefined && !(await isSeeded(trx, request.epoch))) {
    return { ok: false, refusedBy: "unseeded", retryAt: now };
  }
  await lock(trx, lease ? [...keys, lease.key] : keys, now);
  const judged = await judge(trx, request, now);
  if ("ok" in judged) return judged;
  const leased = lease ? await takeLease(trx, lease, member, now) : 0;
  if (typeof leased !== "number") return leased;
  await count(trx, await countedKeys(trx, checks, now), member, now);
  await countSums(trx, checks, now);
  return { ok: true, leased, nextAt: await nextAt(trx, checks, now), ...judged };
}

async function isSeeded(db: Kysely<Schema>, epoch: string): Promise<boolean> {
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

/** The first refusal, or which of the advisory checks would have refused. */
async function judge(
  trx: Kysely<Schema>,
  { member, checks }: TakeRequest,
  now: number,
): Promise<Refused | { readonly exceeded?: readonly string[] }> {
  const held = await keysHolding(trx, member, checks);
  const free = await freeAt(trx, checks, now);
  const exceeded: string[] = [];
  for (const [index, { key, name, advisory, amount }] of checks.entries()) {
    // Counted before: the caller lost a race against itself.
    const retryAt = amount === undefined && held.has(key) ? now + 1 : (free[index] ?? now);
    if (retryAt <= now) continue;
    if (!advisory) return { ok: false, refusedBy: name, retryAt };
    exceeded.push(name);
  }
  return exceeded.length > 0 ? { exceeded } : {};
}

async function keysHolding(
  trx: Kysely<Schema>,
  member: string,
  checks: TakeRequest["checks"],
): Promise<Set<string>> {
  if (checks.length === 0) return new Set();
  const found = await trx
    .selectFrom("limit_events")
    .select("limit_key")
    .where(
      "limit_key",
      "in",
      checks.map(({ key }) => key),
    )
    .where("member", "=", member)
    .execute();
  return new Set(found.map(({ limit_key }) => limit_key));
}

/** How many guesses were set aside, or the refusal. */
async function takeLease(
  trx: Kysely<Schema>,
  { key, wanted, cap, expiresAt }: Lease,
  member: string,
  now: number,
): Promise<number | Refused> {
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
    return { ok: false, refusedBy: "lease", retryAt };
  }
  await trx
    .insertInto("limit_leases")
    .values({ limit_key: key, member, amount, ends_at: expiresAt })
    .execute();
  return amount;
}

/** The keys that events are counted on: none of a check whose share is full. */
async function countedKeys(
  trx: Kysely<Schema>,
  checks: TakeRequest["checks"],
  now: number,
): Promise<readonly string[]> {
  const events = checks.filter(({ amount }) => amount === undefined);
  const shares = events.flatMap(({ share }) =>
    share ? [{ name: "share", key: share.key, windows: [{ max: share.max, windowMs: share.windowMs }] }] : [],
  );
  const free = await freeAt(trx, shares, now);
  const full = new Set(shares.filter((_, index) => (free[index] ?? now) > now).map(({ key }) => key));
  const counting = events.filter(({ share }) => !share || !full.has(share.key));
  return [...new Set(counting.flatMap(({ key, share }) => (share ? [key, share.key] : [key])))];
}

async function forgive(db: Kysely<Schema>, key: string, count: number): Promise<void> {
  const oldest = await db
    .selectFrom("limit_events")
    .select("id")
    .where("limit_key", "=", key)
    .orderBy("at")
    .limit(rows(count))
    .execute();
  if (oldest.length === 0) return;
  await db
    .deleteFrom("limit_events")
    .where(
      "id",
      "in",
      oldest.map(({ id }) => id),
    )
    .execute();
}

async function count(
  trx: Kysely<Schema>,
  keys: readonly string[],
  member: string,
  now: number,
): Promise<void> {
  if (keys.length === 0) return;
  await trx.updateTable("limits").set({ touched_at: now }).where("limit_key", "in", keys).execute();
  const values = keys.map((limit_key) => ({ limit_key, member, at: now }));
  await trx.insertInto("limit_events").values(values).execute();
}

async function nextAt(trx: Kysely<Schema>, checks: TakeRequest["checks"], now: number): Promise<number> {
  const free = await freeAt(
    trx,
    checks.filter(({ backoff, advisory }) => backoff && !advisory),
    now,
  );
  return Math.max(now, ...free);
}

interface Release {
  readonly key: string;
  readonly member: string;
  readonly count: number | "all";
}

async function release(trx: Kysely<Schema>, { key, member, count }: Release): Promise<void> {
  const given = count === "all" ? Number.MAX_SAFE_INTEGER : count;
  const { numUpdatedRows } = await trx
    .updateTable("limit_leases")
    .set((eb) => ({ amount: eb("amount", "-", given) }))
    .where((eb) => eb.and({ limit_key: key, member }))
    .where("amount", ">", given)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) return;
  await trx
    .deleteFrom("limit_leases")
    .where((eb) => eb.and({ limit_key: key, member }))
    .execute();
}
