/** One learned threshold. */
export interface Baseline {
  readonly subject: string;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}

export interface BaselineStore {
  /**
   * All of them. They are few: a subject that never exceeded its bound has none, and only a limited number of networks
   * is kept.
   */
  list(): Promise<readonly Baseline[]>;
  /** Puts these in place of all that there are, in one step. */
  replace(baselines: readonly Baseline[]): Promise<void>;
}

/** How much of one subject was approved in its best hour or day. */
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
 * What the durable record says of traffic. All but what was spent is about strangers' messages only. Times are epoch
 * milliseconds.
 */
export interface TrafficStore {
  /** The best day after `since` of each address, network, prefix and country, and of all, named as the guard names them. */
  bestDays(since: number): Promise<readonly Peak[]>;
  /** The busiest hour after `since` of each country (by its code) and of all (an empty subject). */
  busiestHours(since: number): Promise<readonly Peak[]>;
  /**
   * How many numbers were last approved in each network after `since`: at most `limit` networks, by their tags,
   * greatest first. Also how many numbers in all (an empty subject). A number counts once, in the network that it was
   * approved from last.
   */
  numbers(since: number, limit: number): Promise<readonly Peak[]>;
  /** What the messages after `since` cost, by sender and country. */
  spent(since: number): Promise<readonly Spent[]>;
  /** Messages after `since` that were neither approved nor failed, less those approved; by country. */
  open(since: number): Promise<readonly { readonly country: string; readonly count: number }[]>;
}
