/** Callers on a known device have sends and guesses of their own, so that no stranger can use them up (T8). */
export type Bucket = "stranger" | "device";

/** At most `max` events in any window of this length: nothing resets at midnight (T21). */
export interface Window {
  readonly max: number;
  readonly windowMs: number;
}

/**
 * Refuses after the `n`-th event of the last `windowMs`, where `n` is `from` or `every` more than that, and so on:
 * `baseMs` after the last event first, twice as long each further time. Defaults are 1: each event, from the first on.
 */
export interface Backoff {
  readonly baseMs: number;
  readonly windowMs: number;
  readonly from?: number;
  readonly every?: number;
}

/** One limit that an event is checked against, and counted on if it goes through. */
export interface Limit {
  /** The limit's name in the table of limits; what a refusal names. */
  readonly name: string;
  readonly key: string;
  /** Refuses when any one of them is full; an empty list never does. */
  readonly windows: readonly Window[];
  /** Instead of windows. */
  readonly backoff?: Backoff | undefined;
  /**
   * Counts this whole number instead of one event: each window's `max` is a sum then. Sums are kept in slots of a
   * sixtieth of their window, so that they cost the same however many events there are; an amount leaves its window up
   * to one slot late, never early. It cannot be forgotten, but corrected.
   */
  readonly amount?: number | undefined;
  /** Counts and never refuses; where it would have, a take that goes through names it in `exceeded`. */
  readonly advisory?: boolean | undefined;
  /** Refuses, but what it makes wait is told to nobody: `retryAt` of a take leaves it out. */
  readonly untold?: boolean | undefined;
  /** The part of the whole that the event belongs to, such as its network. While the part is full it is not counted. */
  readonly part?: (Window & { readonly key: string }) | undefined;
}

/** An amount that was counted on a key of which sums are kept. */
export interface Sum {
  readonly key: string;
  readonly windowMs: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** A whole number, of what the key counts; less than zero where it corrects a sum. */
  readonly amount: number;
}

/** Guesses set aside for one verification, so that several of one phone cannot hold more than its ledger has. */
export interface Lease {
  readonly key: string;
  /** As many are set aside as the key has left, up to this. */
  readonly wanted: number;
  /** How many may be set aside on `key` together. */
  readonly cap: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface TakeRequest {
  /** Names what is counted, so that it can be forgotten or released; unique within each key. */
  readonly member: string;
  readonly limits: readonly Limit[];
  readonly lease?: Lease;
  /** Refuses with `unseeded` when the store was not seeded for this epoch: a store that lost its data counts nothing. */
  readonly epoch?: string;
}

export type TakeResult =
  | {
      readonly ok: true;
      /** How many guesses were set aside: at least one where a lease was asked for, else 0. */
      readonly leased: number;
      /**
       * When the limit with a backoff from the first event on lets the next one through; else the time of the take. Epoch
       * milliseconds.
       */
      readonly nextAt: number;
      /**
       * Set where a lease was taken and no guess on its key went to the ledger lately: what was read of the ledger before
       * the take is still so. Absent where one may have, and in stores that cannot tell.
       */
      readonly steady?: true;
      /** The names of the advisory limits that would have refused; absent where there is none. */
      readonly exceeded?: readonly string[];
    }
  | {
      readonly ok: false;
      /** The name of the first limit that refused, or `lease`, or `unseeded`. */
      readonly refusedBy: string;
      /**
       * When none of the limits that refuse now does any more and the lease has room, so that nobody waits twice; the time of
       * the take where all that refuse are `untold`. Epoch milliseconds.
       */
      readonly retryAt: number;
      /** Set where a limit refused because the member was counted on its key before. */
      readonly isCounted?: true;
    };

/** What an approval gives back, each part as the method of `LimitStore` of that name does. */
export interface Settlement {
  readonly forget: { readonly keys: readonly string[]; readonly members: readonly string[] };
  /** Keys on which the oldest event goes. */
  readonly forgive: readonly string[];
  readonly release: { readonly key: string; readonly member: string; readonly count: number };
}

/** An event of the durable record, to put back into a store that was lost. */
export interface LimitEvent {
  readonly key: string;
  readonly member: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Guesses to set aside again, as far as the durable record tells: never fewer than were set aside. */
export interface LostLease {
  readonly key: string;
  readonly member: string;
  readonly amount: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A page of what a store lost. */
export interface Lost {
  readonly events: readonly LimitEvent[];
  /** A lease that the store still has stays as it is. */
  readonly leases?: readonly LostLease[];
  /** The sum of each slot so far: of this page and those before it. */
  readonly sums?: readonly Sum[];
}

/** How often something may happen. Every method is one atomic step in the store; times are epoch milliseconds. */
export interface LimitStore {
  /** Counts against every limit and takes the lease, or changes nothing when any one of them refuses (promise 3). */
  take(request: TakeRequest, now: number): Promise<TakeResult>;
  /** Takes back what was counted for `members` on `keys`. */
  forget(keys: readonly string[], members: readonly string[]): Promise<void>;
  /** Takes back the `count` oldest events on each of the keys, or as many as there are. */
  forgive(keys: readonly string[], count: number): Promise<void>;
  /** Adds these amounts, which may be negative, to sums; none goes below zero. */
  correct(sums: readonly Sum[]): Promise<void>;
  /**
   * Gives back `count` leased guesses, or all of them; nothing where the lease is unknown or expired. Some of them are in
   * the ledger by now or on their way there: until the lease's end no take on the key is `steady`.
   */
  release(key: string, member: string, count: number | "all"): Promise<void>;
  /** Forgets, forgives one event on each key, and releases, all in one step. */
  settle(approval: Settlement): Promise<void>;
  /** Whether this store still has what it was given by `seed`; false when it is new or lost its data. */
  seeded(epoch: string): Promise<boolean>;
  /**
   * Puts back what the durable record has and this store lost (promise 2), page by page, and remembers `epoch` after the
   * last: a store whose seeding ended half-way is as unseeded as before. Doing it twice, or by several at once, is doing
   * it once: of sums in one slot the greater stays.
   */
  seed(epoch: string, pages: Iterable<Lost> | AsyncIterable<Lost>): Promise<void>;
  /** Forgets events older than `before` and leases that ended by then; at most `limit` rows a call. */
  sweep(before: number, limit: number): Promise<number>;
}
