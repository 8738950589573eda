/** One learned threshold. */
export interface Baseline {
  readonly subject: string;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}

export interface BaselineStore {
  /** All of them: what never exceeded its bound has none, and networks are counted up to a bound, so they are few. */
  list(): Promise<readonly Baseline[]>;
  /** Puts these in place of all that there are, in one step. */
  replace(baselines: readonly Baseline[]): Promise<void>;
}

/** How much was approved of one subject at best, in an hour or a day. */
export interface Peak {
  readonly subject: string;
  readonly count: number;
}

/** What the messages through one sender to one country cost, in millionths. */
export interface Spent {
  readonly sender: string;
  readonly country: string;
  /** The backend that asked for it, by its name. */
  readonly client?: string;
  readonly micros: number;
}

/**
 * What the durable record says of traffic; of strangers' messages alone, but for what was spent. Times are epoch
 * milliseconds.
 */
export interface TrafficStore {
  /** The best day after `since` of each address, network, prefix and country, and of all, named as the guard names them. */
  bestDays(since: number): Promise<readonly Peak[]>;
  /** The busiest hour after `since` of each country (by its code) and of all (an empty subject). */
  busiestHours(since: number): Promise<readonly Peak[]>;
  /**
   * From how many numbers each network's last approvals after `since` came, by its tag, at most `limit` of them, greatest
   * first; and of how many numbers in all (an empty subject). A number counts once, in the network that it was approved
   * from last.
   */
  numbers(since: number, limit: number): Promise<readonly Peak[]>;
  /** What the messages after `since` cost, by sender and country. */
  spent(since: number): Promise<readonly Spent[]>;
  /** Messages after `since` that no approval came of and that did not fail, less those approved; by country. */
  open(since: number): Promise<readonly { readonly country: string; readonly count: number }[]>;
}
