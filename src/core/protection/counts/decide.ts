import { backoffEndsAt, tellsNext } from "../backoff.ts";
import type { Lease, LimitCheck, Sum, TakeRequest, TakeResult } from "../ports.ts";
import { slotAt, sumFreeAt, sumKey, sumsOf } from "../sums.ts";
import type { Books } from "./books.ts";
import { type Change, type EventOn, NO_CHANGE } from "./change.ts";
import type { EventLog } from "./events.ts";
import type { LeaseLeft } from "./leases.ts";
import type { SlotAmount } from "./sums.ts";

type Refused = TakeResult & { readonly ok: false };

/** What a take comes to, and what has to be written into the books for it; nothing where it is refused. */
export interface Decision {
  readonly result: TakeResult;
  readonly change: Change;
}

export interface Release {
  readonly key: string;
  readonly member: string;
  readonly count: number | "all";
  readonly moved?: true;
}

/** As `LimitStore.take`, by the books as they are now. Changes nothing. */
export function decideTake(books: Books, request: TakeRequest, now: number): Decision {
  const { member, checks, lease, epoch } = request;
  if (epoch !== undefined && !books.seeds.has(epoch)) return refusal("unseeded", now);
  const frees = checks.map((check) => freeAt(books, check, member, now));
  const refused = checks.findIndex((check, index) => !check.advisory && (frees[index] ?? now) > now);
  if (refused >= 0) return refusal(checks[refused]?.name ?? "", frees[refused] ?? now);
  const leased = lease ? leaseOf(books, lease, member, now) : undefined;
  if (leased && "ok" in leased) return { result: leased, change: NO_CHANGE };
  const exceeded = checks.filter((_, index) => (frees[index] ?? now) > now).map(({ name }) => name);
  return {
    result: {
      ok: true,
      leased: leased?.amount ?? 0,
      nextAt: nextAt(books.events, checks, now),
      ...(lease && !books.leases.hasMoved(lease.key, now) && { steady: true as const }),
      ...(exceeded.length > 0 && { exceeded }),
    },
    change: {
      ...NO_CHANGE,
      counted: countedBy(books.events, request, now),
      sums: addedSums(books, sumsOf(checks, now)),
      leases: leased ? [leased] : [],
    },
  };
}

/** Adds to sums; none goes below zero. */
export function addedSums(books: Books, sums: readonly Sum[]): SlotAmount[] {
  return changedSums(books, sums, (held, amount) => Math.max(0, held + amount));
}

/** Makes sums at least as great. */
export function raisedSums(books: Books, sums: readonly Sum[]): SlotAmount[] {
  return changedSums(books, sums, Math.max);
}

/** Gives back guesses; undefined where there is no such lease. Those of `moved` went to the ledger. */
export function releasedLease(
  { leases }: Books,
  { key, member, count, moved }: Release,
): LeaseLeft | undefined {
  const held = leases.find(key, member);
  const amount = count === "all" ? 0 : Math.max(0, (held?.amount ?? 0) - count);
  return held && { ...held, amount, ...(moved && { moved }) };
}

function refusal(refusedBy: string, retryAt: number): Decision {
  return { result: { ok: false, refusedBy, retryAt }, change: NO_CHANGE };
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
  return events.find(key, member) ? now + 1 : eventsFreeAt(events, check, now);
}

/**
 * From when on a check that counts events lets the next one through. A window is full as long as the `max`-th newest event lies in
 * it, an event later than `now` included: so no window ever holds more than `max`, even if the clock goes back.
 *
 * @param also the time of one more event than there are
 */
function eventsFreeAt(events: EventLog, check: LimitCheck, now: number, also?: number): number {
  const { key, windows, backoff } = check;
  let latest = now;
  for (const { max, windowMs } of windows) {
    const oldest = max < 1 ? now : nthNewest(events, key, Math.ceil(max), also);
    latest = Math.max(latest, (oldest ?? now - windowMs) + windowMs);
  }
  if (!backoff) return latest;
  const times = events.timesSince(key, now - backoff.windowMs);
  const all = also === undefined ? times : [...times, also].sort((a, b) => a - b);
  return Math.max(latest, backoffEndsAt(all, backoff, now));
}

function nthNewest(events: EventLog, key: string, n: number, also: number | undefined): number | undefined {
  const nth = events.newest(key, n);
  if (also === undefined) return nth;
  const younger = n === 1 ? Number.POSITIVE_INFINITY : events.newest(key, n - 1);
  return younger && Math.min(younger, Math.max(also, nth ?? also));
}

/** When the checks with a backoff let the next one through, this take counted as well. */
function nextAt(events: EventLog, checks: readonly LimitCheck[], now: number): number {
  const waits = checks.filter(tellsNext).map((check) => eventsFreeAt(events, check, now, now));
  return Math.max(now, ...waits);
}

/** The guesses that are set aside, or the refusal. */
function leaseOf({ leases }: Books, lease: Lease, member: string, now: number): LeaseLeft | Refused {
  const { key, wanted, cap, expiresAt } = lease;
  if (leases.find(key, member)?.amount) throw new Error("the member has a lease here");
  const live = leases.live(key, now);
  const amount = Math.min(wanted, cap - live.reduce((sum, { amount }) => sum + amount, 0));
  if (amount >= 1) return { key, member, amount, endsAt: expiresAt };
  const retryAt = Math.min(...live.map(({ endsAt }) => endsAt), expiresAt);
  return { ok: false, refusedBy: "lease", retryAt };
}

/** The event on each key that this take counts on, once, with how long it matters there. */
function countedBy(events: EventLog, { member, checks }: TakeRequest, now: number): EventOn[] {
  const keptMs = new Map<string, number>();
  const keep = (key: string, lookbackMs: number) =>
    keptMs.set(key, Math.max(keptMs.get(key) ?? events.keptMs(key), lookbackMs));
  for (const check of checks) {
    const { key, share } = check;
    if (check.amount !== undefined || (share && isFull(events, share, now))) continue;
    keep(key, lookback(check));
    if (share) keep(share.key, share.windowMs);
  }
  const keys = new Map<number, string[]>();
  for (const [key, kept] of keptMs) keys.set(kept, [...(keys.get(kept) ?? []), key]);
  return [...keys].map(([kept, on]) => ({ member, at: now, keptMs: kept, keys: on }));
}

/** Others may bind the same key: how long an event matters there that this check itself does not look back at. */
const UNBOUND_KEPT_MS = 86_400_000;

function lookback({ windows, backoff }: LimitCheck): number {
  if (windows.length === 0 && !backoff) return UNBOUND_KEPT_MS;
  return Math.max(backoff?.windowMs ?? 0, ...windows.map(({ windowMs }) => windowMs));
}

function isFull(events: EventLog, share: NonNullable<LimitCheck["share"]>, now: number): boolean {
  const { key, max, windowMs } = share;
  return max < 1 || (events.newest(key, Math.ceil(max)) ?? now - windowMs) + windowMs > now;
}

function changedSums(
  { sums: book }: Books,
  sums: readonly Sum[],
  next: (held: number, amount: number) => number,
): SlotAmount[] {
  const changed = new Map<string, SlotAmount>();
  for (const { key, windowMs, at, amount } of sums) {
    const slot = slotAt(at, windowMs);
    const name = `${sumKey({ key, windowMs })}/${slot}`;
    const held = changed.get(name)?.amount ?? book.amountIn({ key, windowMs, slot });
    changed.set(name, { key, windowMs, slot, amount: next(held, amount) });
  }
  return [...changed.values()];
}
