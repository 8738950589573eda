import type { Bucket } from "../limits/ports.ts";

/** One wrong guess, as the ledger keeps it; or a mark of `ledger.ts`, whose `codeLength` is one that no code has. */
export interface WrongGuess {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly codeLength: number;
}

/** The durable record of wrong guesses for each phone. Times are epoch milliseconds. */
export interface Ledger {
  /**
   * All wrong guesses at this phone's codes after `since`, oldest first, under any of its tags. Includes the entries
   * that count for every phone.
   */
  read(tags: readonly string[], bucket: Bucket, since: number): Promise<readonly WrongGuess[]>;
  /** Resolves when the wrong guess survives `kill -9`. */
  record(id: string, tag: string, bucket: Bucket, guess: WrongGuess): Promise<void>;
}

/** Why an operator gave strangers further guesses at the codes of a phone. */
export interface Unlock {
  readonly id: string;
  readonly phoneTag: string;
  readonly sealedPhone: string;
  readonly sealedReason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface UnlockStore {
  /**
   * Puts `mark` into the strangers' ledger of this phone and the unlock into the audit trail, in one durable
   * transaction. Several callers are served one after the other. Refuses and changes nothing if `unlockableAt` gives a
   * time after the unlock's. It is given the unlocks of the ledger under any of the tags after `since`.
   */
  add(
    unlock: Unlock,
    ledger: {
      readonly mark: WrongGuess;
      readonly tags: readonly string[];
      readonly since: number;
      readonly unlockableAt: (earlier: readonly number[], now: number) => number;
    },
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAt: number }>;
  /** The last unlocks under one of these tags, newest first. */
  of(tags: readonly string[], limit: number): Promise<readonly Unlock[]>;
}
