import { MINUTE_MS } from "../../../time.ts";
import {
  type Counted,
  createTimeline,
  dropBefore,
  eventIn,
  insert,
  placeOf,
  removeAt,
  sizeOf,
  type Timeline,
} from "./timeline.ts";

/** The events of each key. */
export interface EventLog {
  /** The events on this key; undefined if there are none. Valid until something is added or removed there. */
  on(key: string): Events | undefined;
  /** False if the key has the member already. */
  add(key: string, event: Counted): boolean;
  /** Returns what was there. */
  remove(key: string, member: string): Counted | undefined;
  /** Drops what no limit looks at any more, from a few keys each time. */
  tidy(now: number): void;
  /** Drops at most `limit` events older than `before`, from some of the keys each time; returns how many. */
  sweep(before: number, limit: number): number;
}

/**
 * How many keys are searched for something to drop, for each key that is new or changed. More than one, so that it
 * catches up.
 */
export const LOOKS = 2;
/** How many keys at once, so that what was read at a start, or from others, holds up nobody. */
export const MOST_LOOKS = 1_000;
/** How many keys a sweep looks at, so that it holds up nobody. */
const SWEPT_KEYS = 20_000;
/** If a clock is set back by less than this, nothing is forgotten that should still count. */
export const SLACK_MS = MINUTE_MS;

/** What is counted on one key. Most keys have one event; that is kept without a timeline around it. */
export type Events = Counted | Timeline;

/** @param most how many events are kept; beyond that, a key that was not used lately loses its oldest ones */
export function createEventLog(most = Number.POSITIVE_INFINITY): EventLog {
  const entries = new Map<string, Events>();
  const isBounded = Number.isFinite(most);
  const turn = createTurn(entries);
  let size = 0;
  /** How many keys are still to be searched. */
  let due = 0;

  /** Drops at most `limit` events of this key that are older than `before`; returns how many. */
  function drop(key: string, entry: Events, before: number, limit: number): number {
    const isOver = !isTimeline(entry) && limit > 0 && entry.at < before;
    const dropped = isTimeline(entry) ? dropBefore(entry, before, limit) : Number(isOver);
    size -= dropped;
    if (isOver || countOf(entry) === 0) entries.delete(key);
    return dropped;
  }

  function makeRoom(): void {
    for (const [key, entry] of entries) {
      drop(key, entry, Number.POSITIVE_INFINITY, size - most + 1);
      if (size < most) return;
    }
  }

  return {
    on: (key) => entries.get(key),

    add(key, event) {
      if (size >= most) makeRoom();
      const entry = entries.get(key);
      if (entry && has(entry, event.member)) return false;
      // Moves the key to the end. The key that was unused for longest is first, and is dropped first if room is needed.
      if (isBounded) entries.delete(key);
      if (!entry) entries.set(key, event);
      else entries.set(key, widened(entry, event));
      size += 1;
      due += LOOKS;
      return true;
    },

    remove(key, member) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const place = isTimeline(entry) ? placeOf(entry, member) : 0;
      const event = isTimeline(entry) ? entry.events[place] : entry;
      if (event?.member !== member) return undefined;
      if (isTimeline(entry)) removeAt(entry, place);
      if (!isTimeline(entry) || sizeOf(entry) === 0) entries.delete(key);
      size -= 1;
      return event;
    },

    tidy(now) {
      const looks = Math.min(due, MOST_LOOKS);
      due -= looks;
      for (const [key, entry] of turn(looks))
        drop(key, entry, now - entry.keptMs - SLACK_MS, Number.POSITIVE_INFINITY);
    },

    sweep(before, limit) {
      let swept = 0;
      for (const [key, entry] of turn(Math.max(limit, SWEPT_KEYS)))
        swept += drop(key, entry, before, limit - swept);
      return swept;
    },
  };
}

/** The time of the `n`-th newest; undefined if there are fewer. */
export function nthNewest(events: Events | undefined, n: number): number | undefined {
  if (!events || n > countOf(events)) return undefined;
  return isTimeline(events) ? events.events[events.events.length - n]?.at : events.at;
}

/** The times of those after `since`, oldest first. */
export function timesSince(events: Events | undefined, since: number): readonly number[] {
  if (!events) return [];
  if (!isTimeline(events)) return events.at > since ? [events.at] : [];
  const times: number[] = [];
  for (let place = events.events.length - 1; place >= events.start; place--) {
    const at = events.events[place]?.at ?? since;
    if (at <= since) break;
    times.push(at);
  }
  return times.reverse();
}

/** The event of this member. */
export function eventOf(events: Events | undefined, member: string): Counted | undefined {
  if (events && isTimeline(events)) return eventIn(events, member);
  return events?.member === member ? events : undefined;
}

/** The `count` oldest events, or all if there are fewer. Passes over those of `without`. */
export function oldestOf(
  events: Events | undefined,
  count: number,
  without: ReadonlySet<string>,
): readonly Counted[] {
  if (!events) return [];
  if (!isTimeline(events)) return count < 1 || without.has(events.member) ? [] : [events];
  const found: Counted[] = [];
  for (let place = events.start; place < events.events.length && found.length < count; place++) {
    const event = events.events[place];
    if (event && !without.has(event.member)) found.push(event);
  }
  return found;
}

function isTimeline(entry: Events): entry is Timeline {
  return "events" in entry;
}

function countOf(entry: Events): number {
  return isTimeline(entry) ? sizeOf(entry) : 1;
}

function has(entry: Events, member: string): boolean {
  return eventOf(entry, member) !== undefined;
}

function widened(entry: Events, event: Counted): Timeline {
  const timeline = isTimeline(entry) ? entry : createTimeline(entry);
  insert(timeline, event);
  return timeline;
}

/**
 * Goes round a map, `most` entries at a time, whatever is added and removed meanwhile. One call goes round once at
 * most.
 */
function createTurn<K, V>(map: Map<K, V>): (most: number) => Iterable<[K, V]> {
  let left = map.entries();
  return function* (most) {
    let looks = Math.min(most, map.size);
    for (; looks > 0; looks--) {
      const next = left.next();
      if (!next.done) yield next.value;
      else {
        left = map.entries();
        looks += 1;
      }
      if (map.size === 0) return;
    }
  };
}
