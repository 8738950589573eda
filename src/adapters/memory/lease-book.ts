/** An ended lease is dropped this long after: a clock that goes back finds it again. */
const SKEW_MS = 60_000;

/** Stands for guesses that went to the ledger, as long as the lease that they were part of would last. */
const MOVED = "moved";

/** Guesses set aside for one member; none for those that went to the ledger. */
export interface LeaseEntry {
  readonly member: string;
  readonly amount: number;
  /** The first moment at which it is over, epoch milliseconds. */
  readonly endsAt: number;
}

/** The leases of each key, as many as memory may hold. */
export interface LeaseBook {
  live(key: string, now: number): readonly LeaseEntry[];
  /** Throws when the member has a lease on this key: members are never used twice. */
  add(key: string, entry: LeaseEntry, now: number): void;
  release(key: string, member: string, count: number | "all"): void;
  /** Releases guesses that went to the ledger. */
  move(key: string, member: string, count: number): void;
  /** Whether guesses of leases that would still last went to the ledger. */
  hasMoved(key: string, now: number): boolean;
  /** Drops at most `limit` leases that ended by `before`; returns how many. */
  sweep(before: number, limit: number): number;
}

/** @param most how many keys may have leases; beyond it the one that was unused for the longest loses its own */
export function createLeaseBook(most: number): LeaseBook {
  /** The key that was used last is the last. */
  const book = new Map<string, readonly LeaseEntry[]>();

  function keep(key: string, entries: readonly LeaseEntry[]): void {
    book.delete(key);
    if (entries.length > 0) book.set(key, entries);
  }

  function makeRoom(now: number): void {
    const [oldest] = book;
    if (!oldest) return;
    const [key, entries] = oldest;
    const live = liveOf(entries, now);
    if (live.length === 0 || book.size >= most) book.delete(key);
  }

  function release(key: string, member: string, count: number | "all"): void {
    const entries = book.get(key) ?? [];
    const left = entries.map((entry) => (entry.member === member ? reduced(entry, count) : entry));
    keep(
      key,
      left.filter((entry) => entry.amount > 0 || entry.member === MOVED),
    );
  }

  return {
    live: (key, now) => liveOf(book.get(key) ?? [], now).filter(({ member }) => member !== MOVED),
    hasMoved: (key, now) => liveOf(book.get(key) ?? [], now).some(({ member }) => member === MOVED),

    add(key, entry, now) {
      const entries = book.get(key) ?? [];
      if (entries.some(({ member }) => member === entry.member))
        throw new Error("the member has a lease here");
      makeRoom(now);
      keep(key, [...liveOf(entries, now - SKEW_MS), entry]);
    },

    release,

    move(key, member, count) {
      const lease = (book.get(key) ?? []).find((entry) => entry.member === member);
      if (!lease) return;
      release(key, member, count);
      keep(key, [...(book.get(key) ?? []), { member: MOVED, amount: 0, endsAt: lease.endsAt }]);
    },

    sweep(before, limit) {
      let swept = 0;
      for (const [key, entries] of [...book]) {
        const ended = entries.filter(({ endsAt }) => endsAt <= before).slice(0, limit - swept);
        if (ended.length === 0) continue;
        keep(
          key,
          entries.filter((entry) => !ended.includes(entry)),
        );
        swept += ended.length;
      }
      return swept;
    },
  };
}

function liveOf(entries: readonly LeaseEntry[], now: number): LeaseEntry[] {
  return entries.filter(({ endsAt }) => endsAt > now);
}

function reduced(entry: LeaseEntry, count: number | "all"): LeaseEntry {
  return { ...entry, amount: count === "all" ? 0 : entry.amount - count };
}
