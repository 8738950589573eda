import type {
  LimitEvent,
  LimitStore,
  LostLease,
  Settlement,
  Sum,
  TakeRequest,
  TakeResult,
} from "../../core/protection/limits/ports.ts";
import { slotAt, sumKey } from "../../core/protection/limits/sums.ts";
import { DAY_MS } from "../../core/time.ts";
import type { RedisConnection, Script } from "./connection.ts";
import {
  CORRECT,
  FORGET,
  FORGIVE,
  RAISE,
  READ_HISTORY,
  RELEASE,
  REMEMBER,
  SEED,
  SEED_LEASES,
  SEEDED,
  SETTLE,
  TAKE,
} from "./limit-scripts.ts";
import { EPOCHS, eventsKey, leasesKey, REBUILT, sumsKey, takeCall } from "./limit-take.ts";

/** How long restored entries are kept: no window can be set longer. */
const SEEDED_KEPT_MS = 31 * DAY_MS;
const SEED_EVENTS = 500;
/** Longer than any lease that was lost. */
const UNSTEADY_MS = 720_000;

/**
 * Limits in Redis. All their keys share one hash tag, so that a cluster keeps them in one slot and one script can count
 * on all of them or on none. Redis drops entries by itself once no window reaches them.
 */
export function createRedisLimitStore(redis: RedisConnection): LimitStore {
  return {
    take: (request, now) => take(redis, request, now),

    async forget(keys, members) {
      if (keys.length === 0 || members.length === 0) return;
      await redis.run(FORGET, keys.map(eventsKey), members);
    },

    async forgive(keys, count) {
      if (keys.length > 0 && count > 0) await redis.run(FORGIVE, keys.map(eventsKey), [count]);
    },

    correct: (sums) => changeSums(redis, CORRECT, sums),

    release: async (key, member, count) => void (await redis.run(RELEASE, [leasesKey(key)], [member, count])),

    settle: async (approval) => void (await settle(redis, approval)),

    seeded: async (epoch) => (await redis.run(SEEDED, [EPOCHS], [epoch])) === 1,

    async seed(epoch, pages) {
      const history = String(await redis.run(READ_HISTORY, [EPOCHS], []));
      let wasLost = false;
      for await (const { events, leases = [], sums = [] } of pages) {
        wasLost ||= events.length > 0;
        await seedEvents(redis, events);
        await seedLeases(redis, leases);
        await changeSums(redis, RAISE, sums);
      }
      await redis.run(REMEMBER, [EPOCHS, REBUILT], [epoch, history, wasLost ? UNSTEADY_MS : 0]);
    },

    sweep: async () => 0,
  };
}

async function seedEvents(redis: RedisConnection, events: readonly LimitEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += SEED_EVENTS) {
    const page = events.slice(from, from + SEED_EVENTS);
    const args = page.flatMap(({ member, at }) => [member, at]);
    const keys = page.map(({ key }) => eventsKey(key));
    await redis.run(SEED, keys, [...args, SEEDED_KEPT_MS]);
  }
}

async function seedLeases(redis: RedisConnection, leases: readonly LostLease[]): Promise<void> {
  for (let from = 0; from < leases.length; from += SEED_EVENTS) {
    const page = leases.slice(from, from + SEED_EVENTS);
    const args = page.flatMap(({ member, amount, expiresAt }) => [member, `${amount}:${expiresAt}`]);
    const keys = page.map(({ key }) => leasesKey(key));
    await redis.run(SEED_LEASES, keys, [...args, UNSTEADY_MS]);
  }
}

/** As the script of a take says it. */
type TakeAnswer =
  | ["ok", leased: number, nextAt: number, steady: number, ...exceeded: number[]]
  | ["no", what: number | string, retryAt: number, isCounted?: number];

async function take(redis: RedisConnection, request: TakeRequest, now: number): Promise<TakeResult> {
  const { keys, args } = takeCall(request, now);
  const answer = (await redis.run(TAKE, keys, args)) as TakeAnswer;
  const nameOf = (what: number | string) => request.limits[Number(what)]?.name ?? String(what);
  if (answer[0] === "no") {
    const [, what, retryAt, isCounted] = answer;
    return {
      ok: false,
      refusedBy: nameOf(what),
      retryAt,
      ...(isCounted === 1 && { isCounted: true as const }),
    };
  }
  const [, leased, nextAt, steady, ...exceeded] = answer;
  return {
    ok: true,
    leased,
    nextAt,
    ...(steady === 1 && { steady: true as const }),
    ...(exceeded.length > 0 && { exceeded: exceeded.map(nameOf) }),
  };
}

/**
 * Most keys to forgive on are keys to forget on as well. They stand together in the middle, so that each is sent once.
 */
async function settle(redis: RedisConnection, { forget, forgive, release }: Settlement): Promise<void> {
  const forgotten = new Set(forget.keys);
  const forgiven = new Set(forgive);
  const alone = [...forgotten].filter((key) => !forgiven.has(key));
  const both = [...forgotten].filter((key) => forgiven.has(key));
  const others = [...forgiven].filter((key) => !forgotten.has(key));
  const keys = [leasesKey(release.key), ...[...alone, ...both, ...others].map(eventsKey)];
  const from = 2 + alone.length;
  const places = [from, from + both.length - 1];
  await redis.run(SETTLE, keys, [release.member, release.count, ...places, ...forget.members]);
}

async function changeSums(redis: RedisConnection, change: Script, sums: readonly Sum[]): Promise<void> {
  for (let from = 0; from < sums.length; from += SEED_EVENTS) {
    const page = sums.slice(from, from + SEED_EVENTS);
    const args = page.flatMap(({ at, windowMs, amount }) => [slotAt(at, windowMs), amount, 2 * windowMs]);
    await redis.run(
      change,
      page.map((sum) => sumsKey(sumKey(sum))),
      args,
    );
  }
}
