import {
  type Counted,
  createTimeline,
  dropBefore,
  insert,
  placeOf,
  removeAt,
  sizeOf,
  type Timeline,
} from "./timeline.ts";

/** The events of each key. */
export interface EventLog {
  /** The time of the `n`-th newest; undefined where there are fewer. */
  newest(key: string, n: number): number | undefined;
  /** The times of those after `since`, oldest first. */
  timesSince(key: string, since: number): readonly number[];
  /** The `count` oldest, or as many as there are, those of `without` passed over. */
  oldest(key: string, count: number, without: ReadonlySet<string>): readonly Counted[];
  find(key: string, member: string): Counted | undefined;
  /** The longest that anybody looked back on this key; 0 where nothing is counted. */
  keptMs(key: string): number;
  /** False where the key has the member already. */
  add(key: string, event: Counted): boolean;
  /** Returns what was there. */
  remove(key: string, member: string): Counted | undefined;
  /** Lets go of what no limit looks at any more, of a few keys each time. */
  tidy(now: number): void;
  /** Drops at most `limit` events older than `before`, of some of the keys each time; returns how many. */
  sweep(before: number, limit: number): number;
}

/** How many keys each new event looks at for something to drop; more than one, so that it catches up. */
const LOOKS = 4;
/** How many keys a sweep looks at, so that it holds up nobody. */
const SWEPT_KEYS = 20_000;
/** A clock that is set back by less than this makes nobody forget what it should still count. */
export const SLACK_MS = 60_000;

/** Most keys have one event, which then needs nothing around it. */
type Entry = Counted | Timeline;

/** @param most how many events are kept; beyond it a key that was not used lately loses its oldest ones */
export function createEventLog(most = Number.POSITIVE_INFINITY): EventLog {
  const entries = new Map<string, Entry>();
  const isBounded = Number.isFinite(most);
  const turn = createTurn(entries);
  let size = 0;

  /** Drops at most `limit` events of this key that are older than `before`; returns how many. */
  function drop(key: string, entry: Entry, before: number, limit: number): number {
    const isOver = !isTimeline(entry) && limit > 0 && entry.at < before;
    const dropped = isTimeline(entry) ? dropBefore(entry, before, limit) : Number(isOver);
    size -= dropped;
    if (isOver || countOf(entry) === 0) entries.delete(key);
    return dropped;
  }

  function makeRoom(): void {
    for (const [key, entry] of entries) {
      if (size < most) return;
      drop(key, entry, Number.POSITIVE_INFINITY, size - most + 1);
    }
  }

  return {
    newest(key, n) {
      const entry = entries.get(key);
      if (!entry || n > countOf(entry)) return undefined;
      return isTimeline(entry) ? entry.events.at(-n)?.at : entry.at;
    },

    timesSince(key, since) {
      const events = eventsOf(entries.get(key));
      let first = events.length;
      while (first > 0 && (events[first - 1]?.at ?? since) > since) first -= 1;
      return events.slice(first).map(({ at }) => at);
    },

    oldest: (key, count, without) => firstOf(entries.get(key), count, without),

    find(key, member) {
      const entry = entries.get(key);
      if (!entry || !isTimeline(entry)) return entry?.member === member ? entry : undefined;
      return entry.events[placeOf(entry, member)];
    },

    keptMs: (key) => entries.get(key)?.keptMs ?? 0,

    add(key, event) {
      makeRoom();
      const entry = entries.get(key);
      if (entry && has(entry, event.member)) return false;
      // What was used last is the last, so that what nobody uses makes room.
      if (isBounded) entries.delete(key);
      if (!entry) entries.set(key, event);
      else entries.set(key, widened(entry, event));
      size += 1;
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
      for (const [key, entry] of turn(LOOKS))
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

function isTimeline(entry: Entry): entry is Timeline {
  return "events" in entry;
}

function eventsOf(entry: Entry | undefined): readonly Counted[] {
  if (!entry) return [];
  if (!isTimeline(entry)) return [entry];
  return entry.start === 0 ? entry.events : entry.events.slice(entry.start);
}

function countOf(entry: Entry): number {
  return isTimeline(entry) ? sizeOf(entry) : 1;
}

function has(entry: Entry, member: string): boolean {
  return isTimeline(entry) ? placeOf(entry, member) >= 0 : entry.member === member;
}

function widened(entry: Entry, event: Counted): Timeline {
  const timeline = isTimeline(entry) ? entry : createTimeline(entry);
  insert(timeline, event);
  return timeline;
}

function firstOf(entry: Entry | undefined, count: number, without: ReadonlySet<string>): readonly Counted[] {
  if (!entry) return [];
  if (!isTimeline(entry)) return count < 1 || without.has(entry.member) ? [] : [entry];
  const found: Counted[] = [];
  for (let place = entry.start; place < entry.events.length && found.length < count; place++) {
    const event = entry.events[place];
    if (event && !without.has(event.member)) found.push(event);
  }
  return found;
}

/** Goes round a map, so many entries at a time, whatever is added and removed meanwhile; not twice round at once. */
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
