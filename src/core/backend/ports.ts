import type { Window } from "../protection/limits/ports.ts";
import type { Purpose } from "../verification/purpose.ts";

/** What a company's backend shows to call Phonekey. The key itself is kept nowhere. Times are epoch milliseconds. */
export interface ApiKey {
  readonly id: string;
  /**
   * The name of the backend that it stands for, which tables, tokens and messages call their `client`, too. It is the audience
   * of its proofs; a key that replaces this one has the same.
   */
  readonly client: string;
  /** SHA-256 of the key, which is random: nobody finds a key for a hash. */
  readonly hash: string;
  /** What it may start. */
  readonly purposes: readonly Purpose[];
  /** The networks (`192.0.2.0/24`) that it may be shown from; from anywhere where there are none. */
  readonly networks: readonly string[];
  /** What proofs say of a phone: its number, or its tag alone. */
  readonly tells: "phone" | "tag";
  /** How many messages it may ask for, counted together with the other keys of its backend. */
  readonly sends: readonly Window[];
  /** What these messages may cost; without any it is paid from what is there for all alone. */
  readonly spend: KeySpend;
  /** Where the pages may send people back to; compared character by character. */
  readonly returnTo: readonly string[];
  readonly createdAt: number;
  /** The first moment at which it is no longer good. */
  readonly expiresAt: number;
  readonly revokedAt?: number;
}

/** What the messages of a backend may cost in any hour and any 24 hours, in millionths of a unit of the currency. */
export interface KeySpend {
  readonly hour?: number;
  readonly day?: number;
}

export interface ApiKeyStore {
  /** The key with this hash, also when it is over. */
  findByHash(hash: string): Promise<ApiKey | undefined>;
  /** The newest key of the backend with this name that is neither expired nor revoked. */
  findLive(backend: string, now: number): Promise<ApiKey | undefined>;
  /** All keys, backend by backend, oldest first. */
  list(): Promise<readonly ApiKey[]>;
  /** Adds a key of a backend that has no live one; false when it has. */
  create(key: ApiKey): Promise<boolean>;
  /**
   * Adds a key that replaces its backend's live ones, which end at `overlapUntil` if they would not end before. False
   * when that has no live one.
   */
  replace(key: ApiKey, overlapUntil: number): Promise<boolean>;
  /** Ends this backend's live keys at once; resolves with how many. */
  revoke(backend: string, now: number): Promise<number>;
}

/** Which proofs were redeemed. Durable: a lost Redis lets no proof be redeemed again. */
export interface ProofStore {
  /** Notes that the proof was redeemed; of however many callers exactly one gets true, whose answer survives `kill -9`. */
  redeem(proof: { readonly id: string; readonly redemption: string; readonly at: number }): Promise<boolean>;
}
