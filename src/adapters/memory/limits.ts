import { backoffEndsAt } from "../../core/protection/backoff.ts";
import type { Lease, LimitCheck, LimitStore, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import { type Counted, createEventLog, type EventLog } from "./event-log.ts";
import { createLeaseBook, type LeaseBook } from "./lease-book.ts";

const MOST_EVENTS = 500_000;
const MOST_LEASES = 100_000;

export interface MemoryLimitOptions {
  /** Beyond this many the oldest go, first those that no limit looks at any more. */
  readonly mostEvents?: number;
  readonly mostLeases?: number;
}

type Refused = TakeResult & { readonly ok: false };

/** Limits of a single process; they end with it. Each method runs to its end without giving way. */
export function createMemoryLimitStore(options: MemoryLimitOptions = {}): LimitStore {
  const events = createEventLog(options.mostEvents ?? MOST_EVENTS);
  const leases = createLeaseBook(options.mostLeases ?? MOST_LEASES);
  const seeds = new Set<string>();
  return {
    take: async (request, now) => {
      const { epoch } = request;
      if (epoch !== undefined && !seeds.has(epoch)) return { ok: false, refusedBy: "unseeded", retryAt: now };
      return take(events, leases, request, now);
    },

    async forget(keys, members) {
      for (const key of keys) events.forget(key, members);
    },

    release: async (key, member, count) => leases.release(key, member, count),

    seeded: async (epoch) => seeds.has(epoch),

    async seed(epoch, lost) {
      for (const { key, member, at } of lost) events.add(key, { member, at }, SEEDED_KEPT_MS);
      seeds.add(epoch);
    },

    async sweep(before, limit) {
      const swept = events.sweep(before, limit);
      return swept + leases.sweep(before, limit - swept);
    },
  };
}

/** What is put back is kept this long where no limit has said how far back it looks: no window can be set longer. */
const SEEDED_KEPT_MS = 30 * 86_400_000;

function take(events: EventLog, leases: LeaseBook, request: TakeRequest, now: number): TakeResult {
  const { member, checks, lease } = request;
  const refused = firstRefusal(events, request, now);
  if (refused) return refused;
  const leased = lease ? takeLease(leases, lease, member, now) : 0;
  if (typeof leased !== "number") return leased;
  for (const [key, keptMs] of looksBack(checks)) events.add(key, { member, at: now }, keptMs);
  const waits = checks
    .filter((check) => check.backoff)
    .map((check) => freeAt(events.of(check.key), check, now));
  return { ok: true, leased, nextAt: Math.max(now, ...waits) };
}

function firstRefusal(events: EventLog, { member, checks }: TakeRequest, now: number): Refused | undefined {
  for (const check of checks) {
    // Counted before: the caller lost a race against itself.
    const retryAt = events.has(check.key, member) ? now + 1 : freeAt(events.of(check.key), check, now);
    if (retryAt > now) return { ok: false, refusedBy: check.name, retryAt };
  }
  return undefined;
}

/**
 * From when on this check lets the next event through. A window is full as long as the `max`-th newest event lies in
 * it, an event later than `now` included: so no window ever holds more than `max`, even if the clock goes back.
 */
function freeAt(counted: readonly Counted[], check: LimitCheck, now: number): number {
  let latest = now;
  for (const { max, windowMs } of check.windows) {
    const oldest = max < 1 ? now : counted.at(-Math.ceil(max))?.at;
    latest = Math.max(latest, (oldest ?? now - windowMs) + windowMs);
  }
  const times = counted.map(({ at }) => at);
  return check.backoff ? Math.max(latest, backoffEndsAt(times, check.backoff, now)) : latest;
}

/** How many guesses were set aside, or the refusal. */
function takeLease(leases: LeaseBook, lease: Lease, member: string, now: number): number | Refused {
  const { key, wanted, cap, expiresAt } = lease;
  const live = leases.live(key, now);
  const amount = Math.min(wanted, cap - live.reduce((sum, { amount }) => sum + amount, 0));
  if (amount < 1) {
    const retryAt = Math.min(...live.map(({ endsAt }) => endsAt), expiresAt);
    return { ok: false, refusedBy: "lease", retryAt };
  }
  leases.add(key, { member, amount, endsAt: expiresAt }, now);
  return amount;
}

/** Each key once, with how long its events matter. */
function looksBack(checks: readonly LimitCheck[]): Map<string, number> {
  const keptMs = new Map<string, number>();
  for (const { key, windows, backoff } of checks) {
    const spans = windows.map(({ windowMs }) => windowMs);
    keptMs.set(key, Math.max(keptMs.get(key) ?? 0, backoff?.windowMs ?? 0, ...spans));
  }
  return keptMs;
}
