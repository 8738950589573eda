import { KEY_KINDS, type Key, type KeyKind, type Keyring, type KeyStore } from "../../core/keys.ts";
import type { Clock, Random } from "../../core/ports.ts";
import { UnavailableError } from "../../core/refusals.ts";
import { MINUTE_MS } from "../../core/time.ts";
import { createCache } from "./cache.ts";
import { hasKnownKind, keptUntil } from "./lifetime.ts";
import { newKey } from "./new-key.ts";
import { assertOpen, createKeyWrapper, type KeyWrapper, MissingSecretError } from "./wrap.ts";

/** How long the loaded keys stay in use while the store does not answer. */
const GRACE_MS = 10 * MINUTE_MS;
/** Anybody can send unknown key ids. Any number of them causes at most one query in this time. */
const PAUSE_MS = 1_000;

export interface KeyringDeps {
  readonly store: KeyStore;
  /** `PHONEKEY_SECRETS`, the first one current. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** How old the keys in hand may be, milliseconds. */
  readonly cacheMs?: number;
  /** Told why a reload failed, for the log: the caller may be served from the cache and not notice. */
  onReloadError?(error: unknown): void;
}

export interface ManagedKeyring extends Keyring {
  /**
   * Adds the first key of every kind that has none, and unwraps all keys. If several processes do so at once, one wins
   * for each kind, and all use its keys. Rejects with `MissingSecretError`, and adds no key, if a key's secret was
   * removed too early.
   */
  ensure(): Promise<void>;
  /** The next call reads the keys again. Used after a store answered `StaleKeyError`. */
  invalidate(): void;
}

interface Entry {
  readonly key: Key;
  readonly retired: boolean;
  readonly keptUntil: number;
}

/** All keys, by id and by kind; of each kind the newest first. */
interface KeySet {
  readonly byId: ReadonlyMap<string, Entry>;
  readonly byKind: ReadonlyMap<KeyKind, readonly Entry[]>;
}

/** The keys of the database, unwrapped and cached in this process. */
export function createKeyring(deps: KeyringDeps): ManagedKeyring {
  const { store, clock, random } = deps;
  const wrapper = createKeyWrapper(deps.secrets, random);
  const cache = createCache<KeySet>({
    load: (previous) =>
      previous ? loadKeys(store, wrapper, previous).catch(failWhileServing) : loadKeys(store, wrapper),
    clock,
    cacheMs: deps.cacheMs ?? 30_000,
    graceMs: GRACE_MS,
    pauseMs: PAUSE_MS,
    onError: (error) => deps.onReloadError?.(error),
  });
  return {
    async ensure() {
      await addFirstKeys(deps, wrapper);
      cache.invalidate();
      await cache.get();
    },
    invalidate: cache.invalidate,
    async current(kind) {
      const now = clock.now();
      const key = currentOf(await cache.get(), kind, now) ?? currentOf(await cache.refresh(), kind, now);
      if (!key) throw new UnavailableError(`the ${kind} key`, { cause: undefined });
      return key;
    },
    async find(kind, id) {
      const entry = (await cache.get()).byId.get(id) ?? (await cache.refresh()).byId.get(id);
      return entry && entry.key.kind === kind && clock.now() < entry.keptUntil ? entry.key : undefined;
    },
    async all(kind) {
      const now = clock.now();
      const entries = ofKind(await cache.get(), kind).filter((entry) => now < entry.keptUntil);
      return entries.map((entry) => entry.key);
    },
  };
}

async function loadKeys(store: KeyStore, wrapper: KeyWrapper, previous?: KeySet): Promise<KeySet> {
  const rows = (await store.list()).filter(hasKnownKind).sort((a, b) => b.sequence - a.sequence);
  const entries = rows.map((row): Entry => {
    // Keys that are already loaded stay usable after a re-wrap under a secret that this process does not have yet (a
    // rolling deployment).
    const material = previous?.byId.get(row.id)?.key.material ?? wrapper.unwrap(row);
    const key = { id: row.id, kind: row.kind, material, activeFrom: row.activeFrom };
    return { key, retired: row.retiredAt !== undefined, keptUntil: keptUntil(row, rows) };
  });
  const kinds = new Set(entries.map(({ key }) => key.kind));
  return {
    byId: new Map(entries.map((entry) => [entry.key.id, entry])),
    byKind: new Map([...kinds].map((kind) => [kind, entries.filter(({ key }) => key.kind === kind)])),
  };
}

/**
 * A key under a secret that this process does not have yet (a rolling deployment) is unavailable, which is no fault of
 * ours.
 */
function failWhileServing(error: unknown): never {
  throw error instanceof MissingSecretError ? new UnavailableError("a key", { cause: error }) : error;
}

/** A kind's first key is active from the beginning of time, so that a process whose clock lags finds it active. */
async function addFirstKeys({ store, clock, random }: KeyringDeps, wrapper: KeyWrapper): Promise<void> {
  const rows = await store.list();
  const present = new Set(rows.map((row) => row.kind));
  const missing = (Object.keys(KEY_KINDS) as KeyKind[]).filter((kind) => !present.has(kind));
  if (missing.length > 0) assertOpen(rows, wrapper);
  for (const kind of missing) await store.add(newKey({ wrapper, clock, random }, kind, 1, 0));
}

function currentOf(keys: KeySet, kind: KeyKind, now: number): Key | undefined {
  return ofKind(keys, kind).find((entry) => entry.key.activeFrom <= now && !entry.retired)?.key;
}

function ofKind(keys: KeySet, kind: KeyKind): readonly Entry[] {
  return keys.byKind.get(kind) ?? [];
}
