import type { Kysely } from "kysely";
import type { LimitEvent, LimitStore, Sum } from "../../core/protection/ports.ts";
import { ifAbsent, rows, type SqlDatabase } from "./database.ts";
import { lock } from "./limit-locks.ts";
import { lockKey } from "./limit-parts.ts";
import { correctSums, raiseSums } from "./limit-sums.ts";
import { sweepLimits } from "./limit-sweep.ts";
import { take } from "./limit-take.ts";
import type { Schema } from "./schema.ts";

/** Rows of one insert; a statement takes a few thousand values at most. */
const SEED_ROWS = 200;

export function createLimitStore({ db, transaction }: SqlDatabase): LimitStore {
  return {
    take: (request, now) => take({ db, transaction }, request, now),

    forget: (keys, members) => forget(db, keys, members),

    async forgive(keys, count) {
      for (const key of keys) await forgive(db, key, count);
    },

    correct: (sums) => transaction((trx) => correctSums(trx, sums)),

    release: (key, member, count) => transaction((trx) => release(trx, { key, member, count })),

    settle: (approval) =>
      transaction(async (trx) => {
        await forget(trx, approval.forget.keys, approval.forget.members);
        for (const key of approval.forgive.toSorted()) await forgive(trx, key, 1);
        await release(trx, approval.release);
      }),

    seeded: (epoch) => isSeeded(db, epoch),

    async seed(epoch, pages) {
      const deal = createDeal();
      for await (const page of pages) {
        const events = page.events.map(deal);
        await transaction((trx) => putBack(trx, events, page.sums));
      }
      await ifAbsent(db.insertInto("limit_seeds").values({ epoch })).execute();
    },

    sweep: (before, limit) => sweepLimits(db, before, limit),
  };
}

async function putBack(
  trx: Kysely<Schema>,
  events: readonly ReturnType<ReturnType<typeof createDeal>>[],
  sums: readonly Sum[] = [],
): Promise<void> {
  const locks = sums.flatMap(({ shards = 1, ...sum }) =>
    Array.from({ length: shards }, (_, part) => lockKey({ ...sum, shards }, part)),
  );
  await lock(trx, locks, Math.max(0, ...sums.map(({ at }) => at)));
  await raiseSums(trx, sums);
  for (let from = 0; from < events.length; from += SEED_ROWS) {
    const values = events.slice(from, from + SEED_ROWS);
    await ifAbsent(trx.insertInto("limit_events").values(values)).execute();
  }
}

async function isSeeded(db: Kysely<Schema>, epoch: string): Promise<boolean> {
  const seeds = db.selectFrom("limit_seeds").select("epoch").where("epoch", "=", epoch);
  return (await seeds.executeTakeFirst()) !== undefined;
}

/** Deals the events of a key that is split to its parts in turn, so that all are equally full. */
function createDeal() {
  const dealt = new Map<string, number>();
  return ({ key, member, at, shards = 1 }: LimitEvent) => {
    const nth = dealt.get(key) ?? 0;
    if (shards > 1) dealt.set(key, nth + 1);
    return { limit_key: key, part: nth % shards, member, at };
  };
}

async function forget(
  db: Kysely<Schema>,
  keys: readonly string[],
  members: readonly string[],
): Promise<void> {
  if (keys.length === 0 || members.length === 0) return;
  await db.deleteFrom("limit_events").where("limit_key", "in", keys).where("member", "in", members).execute();
}

async function forgive(db: Kysely<Schema>, key: string, count: number): Promise<void> {
  const oldest = await db
    .selectFrom("limit_events")
    .select("id")
    .where("limit_key", "=", key)
    .orderBy("part")
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
