import type { ExpressionBuilder, Kysely } from "kysely";
import { tagKeyIdOf } from "../../../core/keys.ts";
import type { Clock } from "../../../core/ports.ts";
import { StaleKeyError } from "../../../core/refusals.ts";
import { MINUTE_MS } from "../../../core/time.ts";
import { reusable } from "../statements/reusable.ts";
import type { Schema } from "../tables/schema.ts";

export interface TagKeyDeps {
  readonly clock: Clock;
  /** Called before a `StaleKeyError` is thrown, so that the keyring is read anew. */
  readonly onStaleKey: () => void;
}

/** Ensures that nothing is found or made under a tag key that a retag has replaced (promise 4). */
export interface TagKey {
  /** A condition on the row in `keys` of the key that made the tag: the key is a tag key in use. */
  current(tag: string): (eb: ExpressionBuilder<Schema, "keys">) => ReturnType<typeof isCurrent>;
  /** The condition of `current` for several rows that each name a key, in a statement that is built once. */
  currentAmong(
    rows: readonly KeyedRow[],
  ): (eb: ExpressionBuilder<Schema, "keys">) => ReturnType<typeof isCurrent>;
  /** The part of such a row that names the key of the tag. */
  keyed(tag: string): KeyedRow;
  /** For transactions that write. Rejects with `StaleKeyError`. */
  assertCurrent(trx: Kysely<Schema>, tag: string): Promise<void>;
  /** Throws `StaleKeyError`. */
  stale(): never;
}

export interface KeyedRow {
  readonly keyId: string;
  /** When the key must have been in use. */
  readonly latest: number;
}

/** How far the clocks of the processes of one installation may differ. */
const SKEW_MS = MINUTE_MS;

export function createTagKey({ clock, onStaleKey }: TagKeyDeps): TagKey {
  const lockCurrent = reusable((rows: readonly KeyedRow[], db) =>
    db
      .selectFrom("keys")
      .select("id")
      .where((eb) => isCurrent(eb, rows))
      .forShare(),
  );
  const tagKey: TagKey = {
    current: (tag) => (eb) => isCurrent(eb, [tagKey.keyed(tag)]),
    currentAmong: (rows) => (eb) => isCurrent(eb, rows),
    keyed: (tag) => ({ keyId: tagKeyIdOf(tag), latest: clock.now() + SKEW_MS }),
    async assertCurrent(trx, tag) {
      // A retag waits for this lock: when it looks for rows under the old key, all of them are there.
      const { rows } = await lockCurrent(trx, [tagKey.keyed(tag)]);
      if (rows.length === 0) tagKey.stale();
    },
    stale() {
      onStaleKey();
      throw new StaleKeyError();
    },
  };
  return tagKey;
}

function isCurrent(eb: ExpressionBuilder<Schema, "keys">, rows: readonly KeyedRow[]) {
  const ids = rows.map(({ keyId }) => keyId);
  return eb.and([
    eb("keys.id", "in", ids),
    eb("keys.kind", "=", "tag"),
    eb("keys.retired_at", "is", null),
    eb("keys.active_from", "<=", rows[0]?.latest ?? 0),
  ]);
}
