import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time.ts";

/** What each kind of key is for, and how long a key of it must be kept after a newer one took over. */
export const KEY_KINDS = {
  /** HMAC-SHA-256 key of the tags that stand for phones. Changes only by `phonekey keys retag`. */
  tag: { algorithm: "HS256", keptMs: 31 * DAY_MS },
  /** HMAC-SHA-256 key of the tags of prefixes and addresses. A new one makes their limits count anew. */
  traffic: { algorithm: "HS256", keptMs: DAY_MS },
  /** AES-256-GCM key that encrypts phones at rest. Kept for ever: old rows are still sealed under it. */
  data: { algorithm: "A256GCM", keptMs: Number.POSITIVE_INFINITY },
  /** HMAC-SHA-256 key from which codes are derived. A code lives 10 minutes at most. */
  code: { algorithm: "HS256", keptMs: HOUR_MS },
  /** ECDSA P-256 key of access tokens; its public half is in the JWKS. */
  signing: { algorithm: "ES256", keptMs: 2 * DAY_MS },
  /** ECDSA P-256 key of the proofs that backends get; its public half is in the JWKS. */
  proof: { algorithm: "ES256", keptMs: 2 * DAY_MS },
  /** Keys of the tokens that only Phonekey itself reads, one kind each (RFC 8725, section 3.12). */
  refresh: { algorithm: "HS256", keptMs: 400 * DAY_MS },
  device: { algorithm: "HS256", keptMs: 181 * DAY_MS },
  page: { algorithm: "HS256", keptMs: 400 * DAY_MS },
  flow: { algorithm: "A256GCM", keptMs: DAY_MS },
  handover: { algorithm: "A256GCM", keptMs: HOUR_MS },
  link: { algorithm: "A256GCM", keptMs: HOUR_MS },
  second: { algorithm: "HS256", keptMs: HOUR_MS },
  functions: { algorithm: "HS256", keptMs: 400 * DAY_MS },
  /** HMAC-SHA-256 key from which the secrets of proof-of-work challenges are derived. A challenge lives 5 minutes. */
  challenge: { algorithm: "HS256", keptMs: HOUR_MS },
} as const satisfies Record<string, { algorithm: KeyAlgorithm; keptMs: number }>;

export type KeyAlgorithm = "HS256" | "A256GCM" | "ES256";
export type KeyKind = keyof typeof KEY_KINDS;

/** A new signing key is published this long before it signs, so that every cached JWKS has it by then. */
export const PUBLISH_LEAD_MS = 15 * MINUTE_MS;

/** A key, unwrapped. */
export interface Key {
  readonly id: string;
  readonly kind: KeyKind;
  /** 32 raw bytes, or for `ES256` the private key as PKCS #8 DER. */
  readonly material: Uint8Array;
  /** From when on it is used to make new things, epoch milliseconds. */
  readonly activeFrom: number;
}

/** The id of the key that a phone's tag was made under: a tag is `<key id>.<MAC>`. Empty for what is no tag. */
export function tagKeyIdOf(phoneTag: string): string {
  return phoneTag.slice(0, Math.max(0, phoneTag.indexOf(".")));
}

/** The keys of this installation. Kept wrapped by `PHONEKEY_SECRETS` in the database, cached in the process. */
export interface Keyring {
  /** The key that makes new things of this kind now. Rejects with `UnavailableError` while a retag runs. */
  current(kind: KeyKind): Promise<Key>;
  /** The key with this id, if it is of this kind and still kept. A map lookup: no id reaches a query. */
  find(kind: KeyKind, id: string): Promise<Key | undefined>;
  /** All keys of this kind that are still kept, newest first. */
  all(kind: KeyKind): Promise<readonly Key[]>;
}

/** A key as the database keeps it: its material encrypted under one of the `PHONEKEY_SECRETS`. */
export interface WrappedKey {
  readonly id: string;
  readonly kind: KeyKind;
  /** Counts up from 1 within its kind; unique, so that of several processes that add a key one wins. */
  readonly sequence: number;
  readonly wrapped: string;
  /** Names the secret it is wrapped with, without telling it. */
  readonly secretId: string;
  readonly createdAt: number;
  readonly activeFrom: number;
  /** Set on a tag key when its retag begins: from then on nothing is found or made under it. */
  readonly retiredAt?: number;
}

export interface KeyStore {
  list(): Promise<readonly WrappedKey[]>;
  /** False when its kind already has a key with this sequence. */
  add(key: WrappedKey): Promise<boolean>;
  /** Changes one key where it is still wrapped with `fromSecretId`; false when somebody else did so first. */
  rewrap(id: string, fromSecretId: string, to: { wrapped: string; secretId: string }): Promise<boolean>;
  retire(id: string, at: number): Promise<void>;
  activate(id: string, at: number): Promise<void>;
  /** Forgets a key for good. */
  remove(id: string): Promise<void>;
}

/** The next rows that a retag gives new tags. */
export interface RetagBatch {
  /** The tag key that was retired. */
  readonly oldKeyId: string;
  /** How many rows are read. */
  readonly limit: number;
  /** The phone's tag under the new key. Rejects when the sealed phone does not open for its row. */
  readonly newTag: (sealedPhone: string, rowId: string) => Promise<string>;
}

export interface Retagged {
  /** How many phones were found under the old key. None means that none is left. */
  readonly phones: number;
  /** How many rows changed; none where another retag was faster. */
  readonly rows: number;
}
