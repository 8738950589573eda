import type { KeyStore, RetagBatch, Retagged, WrappedKey } from "../../core/keys.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { createKeyring } from "./keyring.ts";
import { PENDING } from "./lifetime.ts";
import { newKey, nextSequence } from "./new-key.ts";
import { createPhoneVault, tagUnder } from "./vault.ts";
import { assertOpen, createKeyWrapper } from "./wrap.ts";

export interface RetagDeps {
  readonly store: KeyStore;
  /** `PHONEKEY_SECRETS`, the first one current. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** Gives the phones of a batch their new tags everywhere, or changes nothing. */
  readonly retagBatch: (batch: RetagBatch) => Promise<Retagged>;
  /** Rows a batch. */
  readonly batchSize?: number;
  /** Told after every batch how many rows this run has done. */
  onProgress?(done: number): void;
}

/**
 * Replaces the tag key: makes every stored tag anew under a new key. From the moment the old key is retired until the
 * new one is active, servers answer 503 where they need a tag, so that no row is written under the old key behind the
 * batches. If it is killed at any point and called again, it goes on with the key it began with. It needs a tag key to
 * replace. If a key's secret is missing (`MissingSecretError`), it changes nothing.
 *
 * @returns the id of the new key, and how many rows this run changed
 */
export async function retag(deps: RetagDeps): Promise<{ readonly keyId: string; readonly done: number }> {
  const pending = await ensurePending(deps);
  const old = await retirePredecessor(deps, pending);
  const done = await runBatches(deps, old.id, await createTagger(deps, pending.id));
  await deps.store.activate(pending.id, deps.clock.now());
  return { keyId: pending.id, done };
}

async function ensurePending(deps: RetagDeps): Promise<WrappedKey> {
  const keys = await deps.store.list();
  const wrapper = createKeyWrapper(deps.secrets, deps.random);
  assertOpen(keys, wrapper);
  const found = keys.find(isPending);
  if (found) return found;
  if (!keys.some((key) => key.kind === "tag"))
    throw new Error("There is no tag key yet that could be replaced.");
  await deps.store.add(newKey({ ...deps, wrapper }, "tag", nextSequence(keys, "tag"), PENDING));
  // Another retag that began at the same moment may have added its key first. Then both use that key.
  const added = (await deps.store.list()).find(isPending);
  if (!added) throw new Error("Another retag has just finished.");
  return added;
}

function isPending(key: WrappedKey): boolean {
  return key.kind === "tag" && key.activeFrom === PENDING;
}

async function retirePredecessor({ store, clock }: RetagDeps, pending: WrappedKey): Promise<WrappedKey> {
  const [old] = (await store.list())
    .filter((key) => key.kind === "tag" && key.sequence < pending.sequence)
    .sort((a, b) => b.sequence - a.sequence);
  if (!old) throw new Error(`The tag key ${pending.id} has no predecessor.`);
  if (old.retiredAt === undefined) await store.retire(old.id, clock.now());
  return old;
}

async function createTagger(deps: RetagDeps, newKeyId: string): Promise<RetagBatch["newTag"]> {
  const keyring = createKeyring(deps);
  const key = await keyring.find("tag", newKeyId);
  if (!key) throw new Error(`The tag key ${newKeyId} is gone.`);
  const vault = createPhoneVault({ keyring, random: deps.random });
  return async (sealedPhone, rowId) => tagUnder(key, await vault.open(sealedPhone, rowId));
}

async function runBatches(
  { retagBatch, batchSize: limit = 200, onProgress }: RetagDeps,
  oldKeyId: string,
  newTag: RetagBatch["newTag"],
): Promise<number> {
  for (let done = 0; ; ) {
    const { phones, rows } = await retagBatch({ oldKeyId, newTag, limit });
    if (phones === 0) return done;
    done += rows;
    onProgress?.(done);
  }
}
