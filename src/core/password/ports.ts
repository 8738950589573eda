import type { User } from "../account/ports.ts";
import type { Notice } from "../notices/ports.ts";
import type { RefusalCode, Result } from "../refusals.ts";

/** Passwords that are known to whoever guesses. */
export interface CommonPasswords {
  /** @param password in lower case */
  isCommon(password: string): Promise<boolean>;
}

/**
 * Hashes passwords, so many at once and no more: each takes memory and time that an attacker would like to make us
 * spend. Whoever finds the queue full is rejected with `UnavailableError`.
 */
export interface PasswordHasher {
  /** The hash, with its parameters and its salt beside it. */
  hash(password: string): Promise<string>;
  /**
   * Compares with a hash; without one it does the same work and answers false, so that nobody learns by the time who
   * has a password.
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash was made with other parameters than those of today. */
  isOutdated(hash: string): boolean;
}

/** A user as far as signing in by password is concerned. */
export interface PasswordHolder {
  readonly user: User;
  /** The hash, encrypted for this user; absent where none is set. */
  readonly sealedHash?: string;
  /** Within a day of their last use, epoch milliseconds; absent where it is not known. */
  readonly lastUsedAt?: number;
}

/** What becomes of a user's sessions when the password changes. */
export interface PasswordChange {
  readonly userId: string;
  /** The phone whose code is behind it: it sets no password of an account that has moved to another number meanwhile. */
  readonly phoneTag?: string;
  readonly sealedHash: string;
  /** The session that goes on, and without which nothing is changed; all others end. */
  readonly keep?: string;
  /** Whether nothing but a code that went to the phone is behind it: it also shows that the phone is the user's own. */
  readonly bySms?: true;
  /** What the person is told of it; written down together with it. */
  readonly notice: Notice;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The session that goes on is that which asks. */
export type PasswordRemoval = Pick<PasswordChange, "userId" | "notice" | "at"> & { readonly keep: string };

export interface PasswordStore {
  /** The user with this phone; one keyed read. Rejects with `StaleKeyError` when the tag key is no longer the current one. */
  findByTag(tag: string): Promise<PasswordHolder | undefined>;
  find(userId: string): Promise<PasswordHolder | undefined>;
  /**
   * Sets the password, ends the user's sessions but the one to keep, and voids the user's device tokens, in one durable
   * transaction. False when there is no such user, they have another phone, or the session to keep is over.
   */
  change(change: PasswordChange): Promise<boolean>;
  /**
   * Removes it likewise. `needed`: login protection rests on it, whoever turned that on a moment ago. Where there is none
   * nothing happens, and nothing is told.
   */
  remove(removal: PasswordRemoval): Promise<"removed" | "none" | "needed" | "ended">;
  /** Puts a hash in the place of the very one that it was made from; of a changed password nothing comes. */
  rehash(userId: string, from: string, to: string): Promise<void>;
}

/** Whose tries at a phone's password are counted together. Neither is spent by the other, nor by guesses at codes. */
export type PasswordBucket = "password" | "password_device";

export interface PasswordAttempt {
  readonly id: string;
  /** The phone's tag now, under which the attempt is kept, and those under older tag keys. */
  readonly tags: readonly [current: string, ...older: string[]];
  readonly bucket: PasswordBucket;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The durable record of wrong passwords for each phone, whether or not it has a user. */
export interface PasswordLedger {
  /**
   * Counts an attempt before its outcome is known, if `judge` lets it through, in one durable step: of several callers
   * one after the other (promise 1). Rejects with `StaleKeyError`.
   *
   * @param judge told when the attempts were made that count after `since`, oldest first; may be asked again
   */
  attempt<C extends RefusalCode>(
    attempt: PasswordAttempt,
    since: number,
    judge: (earlier: readonly number[]) => Result<void, C>,
  ): Promise<Result<void, C>>;
  /** Takes back an attempt that was no wrong password. */
  takeBack(id: string): Promise<void>;
}
