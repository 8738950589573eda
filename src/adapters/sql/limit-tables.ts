import type { Generated } from "kysely";

/** One row for each counter, or part of one, which whoever counts on it holds locked meanwhile. */
export interface LimitsTable {
  /** The counter's key, and `#` and the part where it is split. */
  limit_key: string;
  /** When the row was made. A row that is swept is made again by whoever counts next. */
  touched_at: number;
}

export interface LimitEventsTable {
  id: Generated<number>;
  limit_key: string;
  /** Which part of a counter that is split; 0 of one that is not. */
  part: Generated<number>;
  member: string;
  at: number;
}

export interface LimitLeasesTable {
  id: Generated<number>;
  limit_key: string;
  member: string;
  amount: number;
  ends_at: number;
}

/** What was counted in one slot of a window. */
export interface LimitSumsTable {
  id: Generated<number>;
  /** The key and window of the sum, and `#` and the part but for the first. */
  limit_key: string;
  slot: number;
  amount: number;
  ends_at: number;
}

export interface LimitSeedsTable {
  epoch: string;
}
