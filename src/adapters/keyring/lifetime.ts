import { KEY_KINDS, type WrappedKey } from "../../core/keys.ts";

/** `activeFrom` of a tag key whose retag has not finished. */
export const PENDING = Number.MAX_SAFE_INTEGER;

/**
 * The first moment, in epoch milliseconds, at which a key is no longer kept: its kind's retention time after a newer
 * key took over. The newest key, and a key whose successor is still pending, are kept without end.
 *
 * @param keys all keys, of any kind
 */
export function keptUntil(key: WrappedKey, keys: readonly WrappedKey[]): number {
  const takeovers = keys
    .filter((other) => other.kind === key.kind && other.sequence > key.sequence)
    .map((other) => other.activeFrom);
  return Math.min(...takeovers) + KEY_KINDS[key.kind].keptMs;
}

/** False for kinds that a newer version has added: version N-1 also runs on the database of version N. */
export function hasKnownKind(key: WrappedKey): boolean {
  return Object.hasOwn(KEY_KINDS, key.kind);
}
