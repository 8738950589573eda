import type { Kysely } from "kysely";
import { firstSchema } from "./migrations/0001-first-schema.ts";
import type { Schema } from "./schema.ts";

export interface Migration {
  /** Counts up from 1, without gaps. */
  readonly id: number;
  readonly name: string;
  readonly up: (db: Kysely<Schema>) => Promise<void>;
}

/** In the order in which they are applied. One that was released is never changed again. */
export const MIGRATIONS: readonly Migration[] = [{ id: 1, name: "0001-first-schema", up: firstSchema }];
