import { backoffEndsAt, tellsNext } from "../../core/protection/backoff.ts";
import type { Lease, LimitCheck, LimitStore, TakeRequest, TakeResult } from "../../core/protection/ports.ts";
import { sumFreeAt, sumsOf } from "../../core/protection/sums.ts";
import { type Counted, createEventLog, type EventLog } from "./event-log.ts";
import { createLeaseBook, type LeaseBook } from "./lease-book.ts";
import { createSumBook, type SumBook } from "./sum-book.ts";

const MOST_EVENTS = 500_000;
const MOST_LEASES = 100_000;

export interface MemoryLimitOptions {
  /** Beyond this many the oldest go, first those that no limit looks at any more. */
  readonly mostEvents?: number;
  readonly mostLeases?: number;
}

type Refused = TakeResult & { readonly ok: false };

interface Books {
  readonly events: EventLog;
  readonly leases: LeaseBook;
  readonly sums: SumBook;
}

/** Limits of a single process; they end with it. Each method runs to its end without giving way. */
export function createMemoryLimitStore(options: MemoryLimitOptions = {}): LimitStore {
  const events = createEventLog(options.mostEvents ?? MOST_EVENTS);
  const leases = createLeaseBook(options.mostLeases ?? MOST_LEASES);
  const sums = createSumBook();
  const seeds = new Set<string>();
  const forget = (keys: readonly string[], members: readonly string[]) => {
    for (const key of keys) events.forget(key, members);
  };
  const forgive = (keys: readonly string[], count: number) => {
    for (const key of keys) {
      const oldest = events.of(key).slice(0, count);
      events.forget(
        key,
        oldest.map(({ member }) => member),
      );
    }
  };
  return {
    take: async (request, now) => {
      const { epoch } = request;
      if (epoch !== undefined && !seeds.has(epoch)) return { ok: false, refusedBy: "unseeded", retryAt: now };
      return take({ events, leases, sums }, request, now);
    },

    forget: async (keys, members) => forget(keys, members),
    forgive: async (keys, count) => forgive(keys, count),

    async correct(corrections) {
      for (const sum of corrections) sums.add(sum);
    },

    release: async (key, member, count) =>
      count === "all" ? leases.release(key, member, count) : leases.move(key, member, count),

    settle: async (approval) => {
      forget(approval.forget.keys, approval.forget.members);
      forgive(approval.forgive, 1);
      const { key, member, count } = approval.release;
      leases.release(key, member, count);
    },

    seeded: async (epoch) => seeds.has(epoch),

    async seed(epoch, pages) {
      for await (const lost of pages) {
        for (const { key, member, at } of lost.events) events.add(key, { member, at }, SEEDED_KEPT_MS);
        for (const sum of lost.sums ?? []) sums.raise(sum);
      }
      seeds.add(epoch);
    },

    async sweep(before, limit) {
      let swept = events.sweep(before, limit);
      swept += leases.sweep(before, limit - swept);
      return swept + sums.sweep(before, limit - swept);
    },
  };
}

/** What is put back is kept this long where no limit has said how far back it looks: no window can be set longer. */
const SEEDED_KEPT_MS = 30 * 86_400_000;

function take(books: Books, request: TakeRequest, now: number): TakeResult {
  const { member, checks, lease } = request;
  const { events, leases, sums } = books;
  const frees = checks.map((check) => freeAt(books, check, member, now));
  const refused = checks.findIndex((check, index) => !check.advisory && (frees[index] ?? now) > now);
  if (refused >= 0) return refusal(checks[refused]?.name ?? "", frees[refused] ?? now);
  const steady = lease !== undefined && !leases.hasMoved(lease.key, now) && { steady: true as const };
  const leased = lease ? takeLease(leases, lease, member, now) : 0;
  if (typeof leased !== "number") return leased;
  for (const [key, keptMs] of counted(events, checks, now)) events.add(key, { member, at: now }, keptMs);
  for (const sum of sumsOf(checks, now)) sums.add(sum);
  const waits = checks
    .filter((check) => tellsNext(check))
    .map((check) => eventsFreeAt(events.of(check.key), check, now));
  const exceeded = checks.filter((_, index) => (frees[index] ?? now) > now).map(({ name }) => name);
  const nextAt = Math.max(now, ...waits);
  return { ok: true, leased, nextAt, ...steady, ...(exceeded.length > 0 && { exceeded }) };
}

function refusal(refusedBy: string, retryAt: number): Refused {
  return { ok: false, refusedBy, retryAt };
}

/** From when on this check lets the request through. */
function freeAt({ events, sums }: Books, check: LimitCheck, member: string, now: number): number {
  const { key, amount, windows } = check;
  if (amount !== undefined) {
    return Math.max(
      ...windows.map((window) =>
        sumFreeAt(sums.of({ key, windowMs: window.windowMs }, now), window, amount, now),
      ),
      now,
    );
  }
  // Counted before: the caller lost a race against itself.
  return events.has(key, member) ? now + 1 : eventsFreeAt(events.of(key), check, now);
}

/**
 * From when on a check that counts events lets the next one through. A window is full as long as the `max`-th newest event lies in
 * it, an event later than `now` included: so no window ever holds more than `max`, even if the clock goes back.
 */
function eventsFreeAt(counted: readonly Counted[], check: LimitCheck, now: number): number {
  let latest = now;
  for (const { max, windowMs } of check.windows) {
    const oldest = max < 1 ? now : counted.at(-Math.ceil(max))?.at;
    latest = Math.max(latest, (oldest ?? now - windowMs) + windowMs);
  }
  if (!check.backoff) return latest;
  const times = counted.map(({ at }) => at);
  return Math.max(latest, backoffEndsAt(times, check.backoff, now));
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

/** Each key that this take counts on once, with how long its events matter. */
function counted(events: EventLog, checks: readonly LimitCheck[], now: number): Map<string, number> {
  const keptMs = new Map<string, number>();
  const keep = (key: string, spans: readonly number[]) =>
    keptMs.set(key, Math.max(keptMs.get(key) ?? 0, ...spans));
  for (const { key, windows, backoff, amount, share } of checks) {
    if (amount !== undefined || (share && isFull(events, share, now))) continue;
    keep(key, [backoff?.windowMs ?? 0, ...windows.map(({ windowMs }) => windowMs)]);
    if (share) keep(share.key, [share.windowMs]);
  }
  return keptMs;
}

function isFull(events: EventLog, share: NonNullable<LimitCheck["share"]>, now: number): boolean {
  const { key, max, windowMs } = share;
  return max < 1 || (events.of(key).at(-Math.ceil(max))?.at ?? now - windowMs) + windowMs > now;
}
