import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { KEY_KINDS, type Key, type KeyKind, type Keyring } from "../../src/core/keys.ts";
import type { Clock } from "../../src/core/ports.ts";

export interface TestKeyring extends Keyring {
  /** Adds a key of this kind, in use from `activeFrom` (epoch milliseconds; now if it is left out). */
  add(kind: KeyKind, more?: { readonly activeFrom?: number; readonly material?: Uint8Array }): Key;
}

/**
 * A keyring in memory with one generated key of every kind, in use since 1970. It keeps the promises of `Keyring`:
 * a key makes new things from its `activeFrom` on, and is kept for its kind's `keptMs` after a newer one took over.
 */
export function createTestKeyring({ clock = { now: Date.now } }: { clock?: Clock } = {}): TestKeyring {
  const keys: Key[] = [];

  function ofKind(kind: KeyKind): Key[] {
    return keys.filter((key) => key.kind === kind).sort((a, b) => b.activeFrom - a.activeFrom);
  }
  function kept(kind: KeyKind): Key[] {
    const newestFirst = ofKind(kind);
    return newestFirst.filter((_, index) => {
      const successor = newestFirst[index - 1];
      return !successor || clock.now() < successor.activeFrom + KEY_KINDS[kind].keptMs;
    });
  }
  function add(kind: KeyKind, { activeFrom = clock.now(), material = generateMaterial(kind) } = {}): Key {
    const key: Key = { id: randomUUID(), kind, material, activeFrom };
    keys.push(key);
    return key;
  }
  for (const kind of Object.keys(KEY_KINDS) as KeyKind[]) add(kind, { activeFrom: 0 });

  return {
    add,
    async current(kind) {
      const key = ofKind(kind).find(({ activeFrom }) => activeFrom <= clock.now());
      if (!key) throw new Error(`no ${kind} key is in use yet`);
      return key;
    },
    async find(kind, id) {
      return kept(kind).find((key) => key.id === id);
    },
    async all(kind) {
      return kept(kind);
    },
  };
}

function generateMaterial(kind: KeyKind): Uint8Array {
  if (KEY_KINDS[kind].algorithm !== "ES256") return randomBytes(32);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "der", type: "pkcs8" });
}
