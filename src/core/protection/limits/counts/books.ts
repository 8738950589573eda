import type { Change, EventOn } from "./change.ts";
import { createEventLog, type EventLog } from "./events.ts";
import { createLeaseBook, type LeaseBook } from "./leases.ts";
import { createSumBook, type SumBook } from "./sums.ts";
import type { Counted } from "./timeline.ts";

/** All that limits count, in the memory of one process. `decide.ts` decides by it. */
export interface Books {
  readonly events: EventLog;
  readonly leases: LeaseBook;
  readonly sums: SumBook;
  /** The epochs for which the books were seeded. */
  readonly seeds: Set<string>;
}

export interface BookOptions {
  /** Beyond this many the oldest are dropped. */
  readonly mostEvents?: number;
  readonly mostLeases?: number;
}

export function createBooks({ mostEvents, mostLeases }: BookOptions = {}): Books {
  return {
    events: createEventLog(mostEvents),
    leases: createLeaseBook(mostLeases),
    sums: createSumBook(),
    seeds: new Set(),
  };
}

/** Writes a change into the books. Returns the change that takes it back. */
export function apply({ events, leases, sums, seeds }: Books, change: Change): Change {
  return {
    // Forgotten events go first: the change may count the same event anew.
    counted: change.forgotten.flatMap((event) => removed(events, event)),
    forgotten: change.counted.flatMap((event) => added(events, event)),
    sums: change.sums.map((slot) => sums.set(slot)).reverse(),
    leases: change.leases.map((left) => leases.set(left)).reverse(),
    seeds: change.seeds.map(({ epoch, isSeeded }) => {
      const was = { epoch, isSeeded: seeds.has(epoch) };
      if (isSeeded) seeds.add(epoch);
      else seeds.delete(epoch);
      return was;
    }),
  };
}

/**
 * Drops some of what no limit looks at any more: a little each time, but more than is added meanwhile.
 *
 * @param now epoch milliseconds; 0 if the time is not known, and then nothing is dropped
 */
export function tidy({ events, leases }: Books, now: number): void {
  if (now === 0) return;
  events.tidy(now);
  leases.tidy(now);
}

/** As `LimitStore.sweep`. */
export function sweepBooks({ events, leases, sums }: Books, before: number, limit: number): number {
  let swept = events.sweep(before, limit);
  swept += leases.sweep(before, limit - swept);
  return swept + sums.sweep(before, limit - swept);
}

/**
 * Adds an event on each of its keys. The keys share one object, since events are the most numerous of all that is kept.
 * Returns what was new.
 */
function added(events: EventLog, event: EventOn): EventOn[] {
  const { member, at, keptMs } = event;
  const counted: Counted = { member, at, keptMs };
  const keys = event.keys.filter((key) => events.add(key, counted));
  return keys.length > 0 ? [{ member, at, keptMs, keys }] : [];
}

/** Removes an event from each of its keys. Returns what was there, mostly one object for all keys. */
function removed(events: EventLog, { member, keys }: EventOn): EventOn[] {
  const gone: EventOn[] = [];
  let last: Counted | undefined;
  let on: string[] = [];
  for (const key of keys) {
    const was = events.remove(key, member);
    if (!was) continue;
    if (was !== last) {
      on = [];
      gone.push({ member, at: was.at, keptMs: was.keptMs, keys: on });
    }
    on.push(key);
    last = was;
  }
  return gone;
}
