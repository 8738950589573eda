import { LOOKS, MOST_LOOKS, SLACK_MS } from "./events.ts";

/** Guesses set aside for one member on a key, as they are now. */
export interface LeaseLeft {
  readonly key: string;
  readonly member: string;
  /** 0 if none are left. */
  readonly amount: number;
  /** Whether guesses of it went to the ledger. This is known as long as the lease would last. */
  readonly moved?: true;
  /** The first moment at which it is over, epoch milliseconds. */
  readonly endsAt: number;
}

/** The leases of each key, as many as memory may hold. */
export interface LeaseBook {
  /** The leases that still set guesses aside. */
  live(key: string, now: number): readonly LeaseLeft[];
  /** Whether guesses of leases that would still last went to the ledger. */
  hasMoved(key: string, now: number): boolean;
  find(key: string, member: string): LeaseLeft | undefined;
  /** Sets the lease to this; returns what it was. */
  set(left: LeaseLeft): LeaseLeft;
  /** Drops what ended more than `SLACK_MS` ago, from a few keys each time. */
  tidy(now: number): void;
  /** Drops at most `limit` leases that ended by `before`; returns how many. */
  sweep(before: number, limit: number): number;
}

/** @param most how many keys may have leases; beyond that, the key that was unused for the longest loses its leases */
export function createLeaseBook(most = Number.POSITIVE_INFINITY): LeaseBook {
  /** The key that was used last is the last. */
  const book = new Map<string, readonly LeaseLeft[]>();
  /** How many keys are still to be searched. */
  let due = 0;

  function keep(key: string, entries: readonly LeaseLeft[]): void {
    book.delete(key);
    if (entries.length > 0) book.set(key, entries);
  }

  return {
    live: (key, now) => (book.get(key) ?? []).filter(({ amount, endsAt }) => amount > 0 && endsAt > now),

    hasMoved: (key, now) => (book.get(key) ?? []).some(({ moved, endsAt }) => moved && endsAt > now),

    find: (key, member) => book.get(key)?.find((each) => each.member === member),

    set(left) {
      const { key, member } = left;
      due += LOOKS;
      const [oldest] = book.keys();
      if (oldest !== undefined && book.size >= most && !book.has(key)) book.delete(oldest);
      const entries = book.get(key) ?? [];
      const others = entries.filter((each) => each.member !== member);
      keep(key, left.amount > 0 || left.moved ? [...others, left] : others);
      return entries.find((each) => each.member === member) ?? gone(left);
    },

    tidy(now) {
      let looks = Math.min(due, MOST_LOOKS, book.size);
      due -= Math.min(due, MOST_LOOKS);
      for (const [key, entries] of book) {
        if (looks-- <= 0) return;
        keep(
          key,
          entries.filter(({ endsAt }) => endsAt > now - SLACK_MS),
        );
      }
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

function gone({ moved: _, ...left }: LeaseLeft): LeaseLeft {
  return { ...left, amount: 0 };
}
