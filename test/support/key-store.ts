import { setImmediate as nextTurn } from "node:timers/promises";
import type { KeyStore, WrappedKey } from "../../src/core/keys.ts";

/** A key store in memory that keeps the promises of `KeyStore`: each change is one step, and no row is shared. */
export function createMemoryKeyStore(): KeyStore & { readonly rows: Map<string, WrappedKey> } {
  const rows = new Map<string, WrappedKey>();
  const change = (id: string, to: Partial<WrappedKey>) => {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, ...to });
    return row !== undefined;
  };
  return {
    rows,
    async list() {
      await nextTurn();
      return structuredClone([...rows.values()]);
    },
    async add(key) {
      await nextTurn();
      const taken = [...rows.values()].some((row) => row.kind === key.kind && row.sequence === key.sequence);
      if (!taken) rows.set(key.id, structuredClone(key));
      return !taken;
    },
    async rewrap(id, fromSecretId, to) {
      await nextTurn();
      return rows.get(id)?.secretId === fromSecretId && change(id, to);
    },
    async retire(id, at) {
      await nextTurn();
      change(id, { retiredAt: at });
    },
    async activate(id, at) {
      await nextTurn();
      change(id, { activeFrom: at });
    },
    async remove(id) {
      await nextTurn();
      rows.delete(id);
    },
  };
}

export interface WatchedKeyStore extends KeyStore {
  /** The names of the calls so far. */
  readonly calls: string[];
}

/**
 * Lets `before` and `after` run around every call; what they throw is what the caller gets. The call's number counts
 * from 1.
 */
export function watchKeyStore(
  store: KeyStore,
  hooks: { before?(call: number): void; after?(call: number): void } = {},
): WatchedKeyStore {
  const calls: string[] = [];
  const watched =
    <A extends unknown[], R>(name: string, method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const call = calls.push(name);
      hooks.before?.(call);
      const result = await method(...args);
      hooks.after?.(call);
      return result;
    };
  return {
    calls,
    list: watched("list", store.list),
    add: watched("add", store.add),
    rewrap: watched("rewrap", store.rewrap),
    retire: watched("retire", store.retire),
    activate: watched("activate", store.activate),
    remove: watched("remove", store.remove),
  };
}
