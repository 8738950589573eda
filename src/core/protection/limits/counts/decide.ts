import { DAY_MS } from "../../../time.ts";
import { backoffEndsAt, lookbackMs, tellsNext } from "../backoff.ts";
import type { Lease, Limit, Sum, TakeRequest, TakeResult } from "../ports.ts";
import { slotAt, sumKey, sumsOf } from "../sums.ts";
import type { Books } from "./books.ts";
import { type Change, type EventOn, NO_CHANGE } from "./change.ts";
import { type EventLog, type Events, eventOf, nthNewest, timesSince } from "./events.ts";
import type { LeaseLeft } from "./leases.ts";
import type { SlotAmount, SumBook } from "./sums.ts";

/** The result of a take, and the change that it makes to the books; no change if it is refused. */
export interface DecidedTake {
  readonly result: TakeResult;
  readonly change: Change;
}

export interface Release {
  readonly key: string;
  readonly member: string;
  readonly count: number | "all";
  readonly moved?: true;
}

/** Decides a take as `LimitStore.take` does, by the books as they are. Changes nothing: `apply` does. */
export function decideTake(books: Books, request: TakeRequest, now: number): DecidedTake {
  const { member, limits, lease, epoch } = request;
  if (epoch !== undefined && !books.seeds.has(epoch)) return refusal("unseeded", now);
  const looks = limits.map((limit) => lookOf(books.events, limit));
  const exceeded: string[] = [];
  for (const look of looks) {
    const isCounted = eventOf(look.events, member) !== undefined;
    const retryAt = isCounted ? now + 1 : freeAt(books.sums, look, now);
    if (retryAt <= now) continue;
    if (isCounted && !look.limit.advisory) return refusal(look.limit.name, retryAt, isCounted);
    if (!look.limit.advisory) return refusal(look.limit.name, allFreeAt(books, looks, lease, now));
    exceeded.push(look.limit.name);
  }
  const leased = lease && leaseOf(books, lease, member, now);
  if (lease && !leased) return refusal("lease", roomAt(books, lease, now));
  return {
    result: {
      ok: true,
      leased: leased?.amount ?? 0,
      nextAt: nextAt(looks, now),
      ...(lease && !books.leases.hasMoved(lease.key, now) && { steady: true as const }),
      ...(exceeded.length > 0 && { exceeded }),
    },
    change: {
      ...NO_CHANGE,
      counted: countedBy(books.events, looks, member, now),
      sums: addedSums(books, sumsOf(limits, now)),
      leases: leased ? [leased] : [],
    },
  };
}

/** A limit and the events on its key, which are looked up once for all that a take asks of them. */
interface Look {
  readonly limit: Limit;
  readonly events: Events | undefined;
}

function lookOf(log: EventLog, limit: Limit): Look {
  return { limit, events: limit.amount === undefined ? log.on(limit.key) : undefined };
}

/** Adds to sums; none goes below zero. */
export function addedSums(books: Books, sums: readonly Sum[]): SlotAmount[] {
  return changedSums(books, sums, (held, amount) => Math.max(0, held + amount));
}

/** Makes sums at least as great. */
export function raisedSums(books: Books, sums: readonly Sum[]): SlotAmount[] {
  return changedSums(books, sums, Math.max);
}

/** Gives back guesses; undefined if there is no such lease. `moved` guesses went to the ledger. */
export function releasedLease(
  { leases }: Books,
  { key, member, count, moved }: Release,
): LeaseLeft | undefined {
  const held = leases.find(key, member);
  const amount = count === "all" ? 0 : Math.max(0, (held?.amount ?? 0) - count);
  return held && { ...held, amount, ...(moved && { moved }) };
}

function refusal(refusedBy: string, retryAt: number, isCounted = false): DecidedTake {
  const result = { ok: false, refusedBy, retryAt, ...(isCounted && { isCounted }) } as const;
  return { result, change: NO_CHANGE };
}

/** When the lease and all limits that are not `untold` let the request through, epoch milliseconds. */
function allFreeAt(books: Books, looks: readonly Look[], lease: Lease | undefined, now: number): number {
  let latest = lease ? roomAt(books, lease, now) : now;
  for (const look of looks) {
    const { advisory, untold } = look.limit;
    if (!advisory && !untold) latest = Math.max(latest, freeAt(books.sums, look, now));
  }
  return latest;
}

/** When this limit lets the request through, epoch milliseconds; `now` if it does already. */
function freeAt(sums: SumBook, { limit, events }: Look, now: number): number {
  const { key, amount, windows } = limit;
  if (amount === undefined) return eventsFreeAt(limit, events, now);
  let latest = now;
  for (const window of windows) latest = Math.max(latest, sums.freeAt(key, window, amount, now));
  return latest;
}

/**
 * When a limit that counts events lets the next one through. A window is full as long as the `max`-th newest event lies
 * in it. An event later than `now` counts too, so no window ever holds more than `max`, even if the clock goes back.
 *
 * @param also the time of one more event than there are
 */
function eventsFreeAt(
  { windows, backoff }: Limit,
  events: Events | undefined,
  now: number,
  also?: number,
): number {
  let latest = now;
  for (const { max, windowMs } of windows) {
    const oldest = max < 1 ? now : nthNewestWith(events, Math.ceil(max), also);
    if (oldest !== undefined) latest = Math.max(latest, oldest + windowMs);
  }
  if (!backoff) return latest;
  const times = timesSince(events, now - backoff.windowMs);
  const all = also === undefined ? times : [...times, also].sort((a, b) => a - b);
  return Math.max(latest, backoffEndsAt(all, backoff, now));
}

function nthNewestWith(events: Events | undefined, n: number, also: number | undefined): number | undefined {
  const nth = nthNewest(events, n);
  if (also === undefined) return nth;
  const younger = n === 1 ? Number.POSITIVE_INFINITY : nthNewest(events, n - 1);
  return younger && Math.min(younger, Math.max(also, nth ?? also));
}

/** When the limits with a backoff let the next event through, if this take is counted as well. */
function nextAt(looks: readonly Look[], now: number): number {
  let latest = now;
  for (const { limit, events } of looks) {
    if (tellsNext(limit)) latest = Math.max(latest, eventsFreeAt(limit, events, now, now));
  }
  return latest;
}

/** The guesses that a lease sets aside; undefined if its key has none left. */
function leaseOf(books: Books, lease: Lease, member: string, now: number): LeaseLeft | undefined {
  const { key, wanted, expiresAt } = lease;
  if (books.leases.find(key, member)?.amount) throw new Error("the member has a lease here");
  const amount = Math.min(wanted, roomFor(books, lease, now));
  return amount >= 1 ? { key, member, amount, endsAt: expiresAt } : undefined;
}

/** How many guesses may still be set aside. */
function roomFor({ leases }: Books, { key, cap }: Lease, now: number): number {
  return leases.live(key, now).reduce((left, { amount }) => left - amount, cap);
}

/** When the next guess may be set aside, epoch milliseconds; `now` if one may already. */
function roomAt(books: Books, lease: Lease, now: number): number {
  if (roomFor(books, lease, now) >= 1) return now;
  return Math.min(...books.leases.live(lease.key, now).map(({ endsAt }) => endsAt), lease.expiresAt);
}

/** The event on each key that this take counts on, each key once, with how long the event matters there. */
function countedBy(log: EventLog, looks: readonly Look[], member: string, now: number): EventOn[] {
  const keptMs = new Map<string, number>();
  const keep = (key: string, events: Events | undefined, forMs: number) =>
    keptMs.set(key, Math.max(keptMs.get(key) ?? events?.keptMs ?? 0, forMs));
  for (const { limit, events } of looks) {
    const { key, amount, part } = limit;
    const inPart = part && log.on(part.key);
    if (amount !== undefined || (part && isFull(inPart, part, now))) continue;
    keep(key, events, lookbackMs(limit) || UNBOUND_KEPT_MS);
    if (part) keep(part.key, inPart, part.windowMs);
  }
  const alike = new Map<number, EventOn & { readonly keys: string[] }>();
  for (const [key, kept] of keptMs) {
    const event = alike.get(kept);
    if (event) event.keys.push(key);
    else alike.set(kept, { member, at: now, keptMs: kept, keys: [key] });
  }
  return [...alike.values()];
}

/** How long an event is kept on a key if this limit does not look back: another limit on the same key may. */
const UNBOUND_KEPT_MS = DAY_MS;

function isFull(
  events: Events | undefined,
  { max, windowMs }: NonNullable<Limit["part"]>,
  now: number,
): boolean {
  return max < 1 || (nthNewest(events, Math.ceil(max)) ?? now - windowMs) + windowMs > now;
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
