/** Callers on a known device have their own sends and guesses, so that no stranger can use them up (T8). */
export type Bucket = "stranger" | "device";

/** At most `max` events in any window of this length: nothing resets at midnight (T21). */
export interface Window {
  readonly max: number;
  readonly windowMs: number;
}

/**
 * Refuses for a time after the `n`-th event of the last `windowMs`, if `n` is `from`, or `every` more than that, and so
 * on. The first wait is `baseMs` from the last event; each further wait is twice as long. Both default to 1: each
 * event, from the first on.
 */
export interface Backoff {
  readonly baseMs: number;
  readonly windowMs: number;
  readonly from?: number;
  readonly every?: number;
}

/** One limit that an event is checked against, and counted on if it goes through. */
export interface Limit {
  /** The limit's name in the table of limits. A refusal tells this name. */
  readonly name: string;
  readonly key: string;
  /** Refuses if any one of them is full. An empty list never refuses. */
  readonly windows: readonly Window[];
  /** Instead of windows. */
  readonly backoff?: Backoff | undefined;
  /**
   * Counts this whole number instead of one event: the `max` of each window then bounds a sum. Sums are kept in slots
   * of a sixtieth of their window, so that they cost the same however many events there are. An amount leaves its
   * window up to one slot late, never early. It cannot be forgotten, only corrected.
   */
  readonly amount?: number | undefined;
  /** Counts and never refuses. If it would have refused, a take that goes through names it in `exceeded`. */
  readonly advisory?: boolean | undefined;
  /** Refuses, but does not tell for how long: `retryAt` of a take leaves it out. */
  readonly untold?: boolean | undefined;
  /**
   * The part of the whole that the event belongs to, such as its network. While the part is full, the event is not
   * counted.
   */
  readonly part?: (Window & { readonly key: string }) | undefined;
}

/** An amount that was counted on a key of which sums are kept. */
export interface Sum {
  readonly key: string;
  readonly windowMs: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** A whole number, in the unit that the key counts; negative if it corrects a sum. */
  readonly amount: number;
}

/**
 * Guesses set aside for one verification, so that several verifications of one phone cannot hold more than its ledger
 * has.
 */
export interface Lease {
  readonly key: string;
  /** Up to this many are set aside: as many as the key has left. */
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
  /** Refuses with `unseeded` if the store was not seeded for this epoch: a store that lost its data counts nothing. */
  readonly epoch?: string;
}

/** A take that went through. */
export interface Taken {
  readonly ok: true;
  /** How many guesses were set aside: at least one if the request has a lease, otherwise 0. */
  readonly leased: number;
  /**
   * When the limit with a backoff from the first event on lets the next event through; without one, the time of the
   * take. Epoch milliseconds.
   */
  readonly nextAt: number;
  /**
   * Set if a lease was taken and no guess on its key went to the ledger lately: what was read of the ledger before the
   * take still holds. Absent if one may have gone there, and in stores that cannot tell.
   */
  readonly steady?: true;
  /** The names of the advisory limits that would have refused; absent if there are none. */
  readonly exceeded?: readonly string[];
}

/** A take that was refused, and counted nothing. */
export interface RefusedTake {
  readonly ok: false;
  /** The name of the first limit that refused, or `lease`, or `unseeded`. */
  readonly refusedBy: string;
  /**
   * When all limits that refuse now let the request through and the lease has room, so that nobody waits twice. The
   * time of the take if all that refuse are `untold`. Epoch milliseconds.
   */
  readonly retryAt: number;
  /** Set if a limit refused because the member was counted on its key before. */
  readonly isCounted?: true;
}

export type TakeResult = Taken | RefusedTake;

/** What an approval gives back. Each part does what the method of `LimitStore` of that name does. */
export interface Settlement {
  readonly forget: { readonly keys: readonly string[]; readonly members: readonly string[] };
  /** Keys on each of which the oldest event is taken back. */
  readonly forgive: readonly string[];
  readonly release: { readonly key: string; readonly member: string; readonly count: number };
}

/** An event of the durable record, to be put back into a store that lost its data. */
export interface LimitEvent {
  readonly key: string;
  readonly member: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Guesses to set aside again, as the durable record tells; never fewer than were set aside. */
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
  /** The sum of each slot so far: of this page and the pages before it. */
  readonly sums?: readonly Sum[];
}

/** How often something may happen. Every method is one atomic step in the store; times are epoch milliseconds. */
export interface LimitStore {
  /** Counts against every limit and takes the lease. Changes nothing if any one of them refuses (promise 3). */
  take(request: TakeRequest, now: number): Promise<TakeResult>;
  /** Takes back what was counted for `members` on `keys`. */
  forget(keys: readonly string[], members: readonly string[]): Promise<void>;
  /** Takes back the `count` oldest events on each of the keys, or all if there are fewer. */
  forgive(keys: readonly string[], count: number): Promise<void>;
  /** Adds these amounts, which may be negative, to sums. No sum goes below zero. */
  correct(sums: readonly Sum[]): Promise<void>;
  /**
   * Gives back `count` leased guesses, or all of them; none if the lease is unknown or expired. Some of these guesses
   * are in the ledger by now or on their way there, so no take on the key is `steady` until the lease ends.
   */
  release(key: string, member: string, count: number | "all"): Promise<void>;
  /** Forgets, forgives one event on each key, and releases, all in one step. */
  settle(approval: Settlement): Promise<void>;
  /** Whether this store still has what `seed` gave it; false if it is new or lost its data. */
  seeded(epoch: string): Promise<boolean>;
  /**
   * Puts back what the durable record has and this store lost (promise 2), page by page. Remembers `epoch` after the
   * last page: a store whose seeding ended half-way is as unseeded as before. Safe to repeat, and to run by several at
   * once: of two sums in one slot the greater stays.
   */
  seed(epoch: string, pages: Iterable<Lost> | AsyncIterable<Lost>): Promise<void>;
  /** Forgets events older than `before` and leases that ended by then; at most `limit` rows a call. */
  sweep(before: number, limit: number): Promise<number>;
}
