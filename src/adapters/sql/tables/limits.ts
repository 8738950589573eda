import type { Generated } from "kysely";

/**
 * Only the journal is used. The counts of an earlier version in the other tables are moved there
 * (`limits/journal-import.ts`).
 */
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

/** Rows that are locked by their names (`locks.ts`, `shared-journal-rows.ts`). */
interface LimitsTable {
  limit_key: string;
  /** When the row was made. The next caller that locks a swept row makes it again. */
  touched_at: number;
}

interface LimitEventsTable {
  id: Generated<number>;
  limit_key: string;
  /** The part of a counter that is split; 0 if it is not. */
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
  /** The key and window of the sum, followed by `#` and the part, except for the first part. */
  limit_key: string;
  slot: number;
  amount: number;
  ends_at: number;
}

interface LimitSeedsTable {
  epoch: string;
}

/**
 * The counts of limits: each change is a row (`limits/journal.ts`), and on MySQL all changes of one moment share a row
 * (`limits/shared-journal.ts`).
 */
interface LimitJournalTable {
  id: Generated<number>;
  /** The last moment that the change tells of. */
  at: number;
  /** From when on it matters no more. */
  matters_until: number;
  /** The change as JSON, or a list of them. */
  entry: string;
}
