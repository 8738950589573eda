import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { firstSchema } from "./0001-first-schema.ts";
import { unprovenUsers } from "./0002-unproven-users.ts";
import { maintenance } from "./0003-maintenance.ts";
import { traffic } from "./0004-traffic.ts";
import { limitParts } from "./0005-limit-parts.ts";
import { delivery } from "./0006-delivery.ts";
import { backends } from "./0007-backends.ts";
import { numbers } from "./0008-numbers.ts";
import { sessionLevels } from "./0009-session-levels.ts";
import { lifeOfAnAccount } from "./0010-life-of-an-account.ts";
import { backendUses } from "./0011-backend-uses.ts";
import { factors } from "./0012-factors.ts";
import { passwords } from "./0013-passwords.ts";
import { limitJournal } from "./0014-limit-journal.ts";
import { indexesOfWhatIsThere } from "./0015-indexes-of-what-is-there.ts";

export interface Migration {
  /** Counts up from 1, without gaps. */
  readonly id: number;
  /**
   * `NNNN-…`, and `NNNN-contract-…` for a migration that removes something which the previous version still uses. Such
   * a migration runs only when asked for. After that, programs that do not know it refuse the database.
   */
  readonly name: string;
  /**
   * The same for every database. It may be run again after it was killed in the middle. So its statements make or
   * remove tables, columns and indexes, or change rows so that a second run does no harm.
   */
  readonly up: (db: Kysely<Schema>) => Promise<void>;
}

export function contracts({ name }: Pick<Migration, "name">): boolean {
  return /^\d+-contract-/.test(name);
}

/** In the order in which they are applied. A released migration is never changed. */
export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: "0001-first-schema", up: firstSchema },
  { id: 2, name: "0002-unproven-users", up: unprovenUsers },
  { id: 3, name: "0003-maintenance", up: maintenance },
  { id: 4, name: "0004-traffic", up: traffic },
  { id: 5, name: "0005-limit-parts", up: limitParts },
  { id: 6, name: "0006-delivery", up: delivery },
  { id: 7, name: "0007-backends", up: backends },
  { id: 8, name: "0008-numbers", up: numbers },
  { id: 9, name: "0009-session-levels", up: sessionLevels },
  { id: 10, name: "0010-life-of-an-account", up: lifeOfAnAccount },
  { id: 11, name: "0011-backend-uses", up: backendUses },
  { id: 12, name: "0012-factors", up: factors },
  { id: 13, name: "0013-passwords", up: passwords },
  { id: 14, name: "0014-limit-journal", up: limitJournal },
  { id: 15, name: "0015-indexes-of-what-is-there", up: indexesOfWhatIsThere },
];
