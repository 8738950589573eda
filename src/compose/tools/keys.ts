import { PENDING } from "../../adapters/keyring/lifetime.ts";
import { retag } from "../../adapters/keyring/retag.ts";
import {
  pruneKeys,
  ROTATABLE_KINDS,
  type RotatableKind,
  rewrapKeys,
  rotateKey,
} from "../../adapters/keyring/rotate.ts";
import type { SqlDatabase } from "../../adapters/sql/database.ts";
import { countToRetag, retagBatch } from "../../adapters/sql/keys/retag.ts";
import { createSqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Config } from "../../config.ts";
import type { WrappedKey } from "../../core/keys.ts";
import { openMigrated } from "../database.ts";

export type { RotatableKind };

/** A key as an operator may see it. */
export interface ListedKey extends Pick<WrappedKey, "id" | "kind" | "createdAt"> {
  readonly state: "pending" | "in use or kept" | "retired";
}

/** What `phonekey keys` works with. */
export interface KeyTools {
  readonly kinds: readonly RotatableKind[];
  list(): Promise<readonly ListedKey[]>;
  rewrap(): Promise<number>;
  rotate(kind: RotatableKind): Promise<{ readonly id: string; readonly activeFrom: number }>;
  prune(): Promise<number>;
  countToRetag(): Promise<number>;
  retag(onProgress: (done: number) => void): Promise<{ readonly keyId: string; readonly done: number }>;
  close(): Promise<void>;
}

/** Opens the database for work on its keys; the server may run beside it. Rejects if it is not up to date. */
export async function keyTools(config: Config): Promise<KeyTools> {
  const clock = systemClock;
  const random = systemRandom;
  const database = await openMigrated(config);
  const { keys: store } = createSqlStores(database, { clock, onStaleKey: () => {} });
  const deps = { store, secrets: config.secrets, clock, random };
  return {
    kinds: ROTATABLE_KINDS,
    list: async () => (await store.list()).map((key) => listedKey(key, clock.now())),
    rewrap: () => rewrapKeys(deps),
    rotate: (kind) => rotateKey(deps, kind),
    prune: () => pruneKeys(deps),
    countToRetag: async () => await countTagged(database, await store.list()),
    retag: (onProgress) => retag({ ...deps, retagBatch: (batch) => retagBatch(database, batch), onProgress }),
    close: () => database.close(),
  };
}

function listedKey({ id, kind, createdAt, activeFrom, retiredAt }: WrappedKey, now: number): ListedKey {
  const state = retiredAt ? "retired" : activeFrom > now ? "pending" : "in use or kept";
  return { id, kind, createdAt, state };
}

/**
 * How many rows are tagged under a key that a retag replaces or will replace. Rows that an interrupted retag has done
 * are not counted.
 */
async function countTagged(database: SqlDatabase, keys: readonly WrappedKey[]): Promise<number> {
  let count = 0;
  for (const { id, kind, activeFrom } of keys) {
    if (kind === "tag" && activeFrom !== PENDING) count += await countToRetag(database, id);
  }
  return count;
}
