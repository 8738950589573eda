import { KEY_KINDS, type KeyKind, type KeyStore, PUBLISH_LEAD_MS, type WrappedKey } from "../../core/keys.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { hasKnownKind, keptUntil } from "./lifetime.ts";
import { newKey, nextSequence } from "./new-key.ts";
import { createKeyWrapper } from "./wrap.ts";

export interface RotateDeps {
  readonly store: KeyStore;
  /** `PHONEKEY_SECRETS`, the first one current. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

/** The tag key changes by a retag alone. */
export type RotatableKind = Exclude<KeyKind, "tag">;

export const ROTATABLE_KINDS: readonly RotatableKind[] = (Object.keys(KEY_KINDS) as KeyKind[]).filter(
  (kind) => kind !== "tag",
);

/**
 * Adds a new key of this kind. It is used from `activeFrom` (epoch milliseconds) on. For a signing key that is when it
 * has reached every cached JWKS. For any other key that is at once, because processes look up ids that they do not
 * know. If another process rotates this kind at the same moment, both use the same key.
 */
export async function rotateKey(
  { store, secrets, clock, random }: RotateDeps,
  kind: RotatableKind,
): Promise<{ readonly id: string; readonly activeFrom: number }> {
  const wrapper = createKeyWrapper(secrets, random);
  const sequence = nextSequence(await store.list(), kind);
  // Nobody can have cached a key set before the first key exists, and no other key signs until the first one is in use.
  const isAwaited = KEY_KINDS[kind].algorithm === "ES256" && sequence > 1;
  const activeFrom = clock.now() + (isAwaited ? PUBLISH_LEAD_MS : 0);
  const key = newKey({ wrapper, clock, random }, kind, sequence, activeFrom);
  const won = await store.add(key);
  const added = won ? key : await bySequence(store, kind, sequence);
  return { id: added.id, activeFrom: added.activeFrom };
}

/**
 * Adds a new key of this kind and removes all earlier ones, which voids everything made under them. Only for kinds
 * whose loss destroys no data. A process that is running may use the old keys for another half a minute. If several
 * processes do so at once, the newest key stays.
 */
export async function replaceKeys(deps: RotateDeps, kind: "device"): Promise<void> {
  await rotateKey(deps, kind);
  const keys = (await deps.store.list()).filter((key) => key.kind === kind);
  const newestFirst = keys.sort((a, b) => b.sequence - a.sequence);
  for (const { id } of newestFirst.slice(1)) await deps.store.remove(id);
}

async function bySequence(store: KeyStore, kind: KeyKind, sequence: number): Promise<WrappedKey> {
  const key = (await store.list()).find((row) => row.kind === kind && row.sequence === sequence);
  if (!key) throw new Error(`The store neither added nor has a ${kind} key with sequence ${sequence}.`);
  return key;
}

/**
 * Wraps every key under the first secret that is not wrapped under it yet, and resolves with how many. Changes nothing
 * if a key's secret is missing (`MissingSecretError`). Safe to interrupt, to repeat and to run twice at once.
 */
export async function rewrapKeys({ store, secrets, random }: Omit<RotateDeps, "clock">): Promise<number> {
  const wrapper = createKeyWrapper(secrets, random);
  const rows = (await store.list()).filter((row) => row.secretId !== wrapper.secretId);
  const changes = rows.map((row) => ({ row, to: wrapper.wrap(row, wrapper.unwrap(row)) }));
  let count = 0;
  for (const { row, to } of changes) {
    if (await store.rewrap(row.id, row.secretId, to)) count += 1;
  }
  return count;
}

/**
 * Removes the keys that are no longer kept, and resolves with how many. Data keys are kept for ever. Tag keys are kept
 * because the ledger may still hold tags made under them.
 */
export async function pruneKeys({ store, clock }: Pick<RotateDeps, "store" | "clock">): Promise<number> {
  const rows = (await store.list()).filter(hasKnownKind);
  const now = clock.now();
  const gone = rows.filter((row) => row.kind !== "tag").filter((row) => keptUntil(row, rows) <= now);
  for (const row of gone) await store.remove(row.id);
  return gone.length;
}
