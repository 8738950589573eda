import type { LimitCheck, LimitStore, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import type { RedisConnection } from "./connection.ts";
import { FORGET, RELEASE, REMEMBER, SEED, SEEDED, TAKE } from "./limit-scripts.ts";

/** What is put back is kept this long: no window can be set longer. */
const SEEDED_KEPT_MS = 31 * 86_400_000;
const SEED_EVENTS = 500;
const EPOCHS = "phonekey:{limits}:epochs";

/**
 * Limits in Redis. All their keys share one hash tag, so that a cluster keeps them in one slot and one script can
 * count on all of them or on none. Redis forgets by itself what no window reaches any more.
 */
export function createRedisLimitStore(redis: RedisConnection): LimitStore {
  return {
    take: (request, now) => take(redis, request, now),

    async forget(keys, members) {
      if (keys.length === 0 || members.length === 0) return;
      await redis.run(FORGET, keys.map(eventsKey), members);
    },

    release: async (key, member, count) => void (await redis.run(RELEASE, [leasesKey(key)], [member, count])),

    seeded: async (epoch) => (await redis.run(SEEDED, [EPOCHS], [epoch])) === 1,

    async seed(epoch, events) {
      for (let from = 0; from < events.length; from += SEED_EVENTS) {
        const page = events.slice(from, from + SEED_EVENTS);
        const args = page.flatMap(({ member, at }) => [member, at]);
        const keys = page.map(({ key }) => eventsKey(key));
        await redis.run(SEED, keys, [...args, SEEDED_KEPT_MS]);
      }
      await redis.run(REMEMBER, [EPOCHS], [epoch]);
    },

    sweep: async () => 0,
  };
}

async function take(redis: RedisConnection, request: TakeRequest, now: number): Promise<TakeResult> {
  const { member, checks, lease, epoch = "" } = request;
  const names = [...new Set(checks.map(({ key }) => key))];
  const keys = [EPOCHS, ...names.map(eventsKey), ...(lease ? [leasesKey(lease.key)] : [])];
  const described = checks.map((check) => describe(check, names.indexOf(check.key) + 2));
  const leaseArgument = lease ? { ...lease, key: keys.length } : {};
  const kept = names.map((name) => lookback(checks.filter(({ key }) => key === name)));
  const json = [described, leaseArgument, kept].map((each) => JSON.stringify(each));
  const [verdict, first = "", second = ""] = (await redis.run(TAKE, keys, [
    now,
    member,
    ...json,
    epoch,
  ])) as string[];
  if (verdict === "ok") return { ok: true, leased: Number(first), nextAt: Number(second) };
  return { ok: false, refusedBy: first, retryAt: Number(second) };
}

function describe({ name, windows, backoff }: LimitCheck, key: number): object {
  return {
    name,
    key,
    windows: windows.map(({ max, windowMs }) => [max, windowMs]),
    ...(backoff && { backoff: [backoff.baseMs, backoff.windowMs] }),
  };
}

/** How long events under these checks matter, milliseconds. */
function lookback(checks: readonly LimitCheck[]): number {
  const spans = checks.flatMap(({ windows, backoff }) => [
    ...windows.map(({ windowMs }) => windowMs),
    backoff?.windowMs ?? 0,
  ]);
  return Math.max(0, ...spans);
}

function eventsKey(key: string): string {
  return `phonekey:{limits}:events:${key}`;
}

function leasesKey(key: string): string {
  return `phonekey:{limits}:leases:${key}`;
}
