import type { Generated } from "kysely";

/** On MySQL all but the last are used, on SQLite the last; a version before used the others there, too. */
export interface LimitTables {
  limits: LimitsTable;
  limit_events: LimitEventsTable;
  limit_leases: LimitLeasesTable;
  limit_sums: LimitSumsTable;
  limit_seeds: LimitSeedsTable;
  limit_journal: LimitJournalTable;
}

/** By names, so that none can be forgotten. */
export const LIMIT_TABLES: Readonly<Record<keyof LimitTables, true>> = {
  limits: true,
  limit_events: true,
  limit_leases: true,
  limit_sums: true,
  limit_seeds: true,
  limit_journal: true,
};

/** One row for each counter, or part of one, which whoever counts on it holds locked meanwhile. */
interface LimitsTable {
  /** The counter's key, and `#` and the part where it is split. */
  limit_key: string;
  /** When the row was made. A row that is swept is made again by whoever counts next. */
  touched_at: number;
}

interface LimitEventsTable {
  id: Generated<number>;
  limit_key: string;
  /** Which part of a counter that is split; 0 of one that is not. */
  part: Generated<number>;
  member: string;
  at: number;
}

interface LimitLeasesTable {
  id: Generated<number>;
  limit_key: string;
  member: string;
  amount: number;
  ends_at: number;
}

/** What was counted in one slot of a window. */
interface LimitSumsTable {
  id: Generated<number>;
  /** The key and window of the sum, and `#` and the part but for the first. */
  limit_key: string;
  slot: number;
  amount: number;
  ends_at: number;
}

interface LimitSeedsTable {
  epoch: string;
}

/** What limits count on SQLite: each change is a row (`limit-journal.ts`). */
interface LimitJournalTable {
  id: Generated<number>;
  /** The last moment that the change tells of. */
  at: number;
  /** From when on it matters no more. */
  matters_until: number;
  /** The change as JSON. */
  entry: string;
}
