/** One event that was counted on a key. */
export interface Counted {
  readonly member: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The events of each key, as many as memory may hold. */
export interface EventLog {
  /** Oldest first. */
  of(key: string): readonly Counted[];
  has(key: string, member: string): boolean;
  /** Adds an event that matters for `keptMs` from its time on. A member that the key has already is not added. */
  add(key: string, event: Counted, keptMs: number): void;
  forget(key: string, members: readonly string[]): void;
  /** Drops at most `limit` events older than `before`; returns how many. */
  sweep(before: number, limit: number): number;
}

interface Entry {
  /** Oldest first. */
  readonly events: Counted[];
  readonly members: Set<string>;
  /** The longest that anybody looked back on this key. */
  keptMs: number;
}

/** How many keys each new event looks at for something to drop; more than one, so that it catches up. */
const LOOKS = 4;

/** A clock that is set back by less than this makes nobody forget what it should still count. */
const SLACK_MS = 60_000;

/** @param most how many events are kept; beyond it a key that was not used lately loses its oldest ones */
export function createEventLog(most: number): EventLog {
  /** What was used or looked at last is the last. */
  const entries = new Map<string, Entry>();
  let size = 0;

  function dropOldest(key: string, entry: Entry, count: number): void {
    const dropped = entry.events.splice(0, count);
    for (const { member } of dropped) entry.members.delete(member);
    size -= dropped.length;
    if (entry.events.length === 0) entries.delete(key);
  }

  /** Drops at most `limit` events of this key that are older than `before`; returns how many. */
  function dropBefore(key: string, entry: Entry, before: number, limit = Number.POSITIVE_INFINITY): number {
    const young = entry.events.findIndex(({ at }) => at >= before);
    const count = Math.min(limit, young < 0 ? entry.events.length : young);
    if (count > 0) dropOldest(key, entry, count);
    return count;
  }

  function dropForgettable(now: number): void {
    let looked = 0;
    for (const [key, entry] of entries) {
      if (looked++ >= LOOKS) return;
      dropBefore(key, entry, now - entry.keptMs - SLACK_MS);
      // One that still matters goes to the end, so that it does not hide what comes after it.
      if (entry.events.length > 0) moveToEnd(entries, key, entry);
    }
  }

  function makeRoom(): void {
    for (const [key, entry] of entries) {
      if (size < most) return;
      dropOldest(key, entry, size - most + 1);
    }
  }

  return {
    of: (key) => entries.get(key)?.events ?? [],

    has: (key, member) => entries.get(key)?.members.has(member) ?? false,

    add(key, event, keptMs) {
      dropForgettable(event.at);
      makeRoom();
      const entry = entries.get(key) ?? { events: [], members: new Set(), keptMs: 0 };
      if (entry.members.has(event.member)) return;
      entry.keptMs = Math.max(entry.keptMs, keptMs);
      dropBefore(key, entry, event.at - entry.keptMs - SLACK_MS);
      insert(entry, event);
      size += 1;
      moveToEnd(entries, key, entry);
    },

    forget(key, members) {
      const entry = entries.get(key);
      if (!entry) return;
      for (const member of members) size -= remove(entry, member);
      if (entry.events.length === 0) entries.delete(key);
    },

    sweep(before, limit) {
      let swept = 0;
      for (const [key, entry] of entries) swept += dropBefore(key, entry, before, limit - swept);
      return swept;
    },
  };
}

function moveToEnd(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key);
  entries.set(key, entry);
}

function insert({ events, members }: Entry, event: Counted): void {
  members.add(event.member);
  events.splice(events.findLastIndex(({ at }) => at <= event.at) + 1, 0, event);
}

/** How many events it removed. */
function remove({ events, members }: Entry, member: string): number {
  if (!members.delete(member)) return 0;
  const place = events.findIndex((event) => event.member === member);
  return events.splice(place, 1).length;
}
