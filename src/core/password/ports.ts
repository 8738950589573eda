import type { User } from "../account/ports.ts";
import type { Notice } from "../notices/ports.ts";
import type { RefusalCode, Result } from "../refusals.ts";

/** Passwords that attackers know and try first. */
export interface CommonPasswords {
  /** @param password in lower case */
  isCommon(password: string): Promise<boolean>;
}

/**
 * Hashes passwords, a limited number at once: each takes memory and time that an attacker would like to make us spend.
 * Rejects with `UnavailableError` if the queue is full.
 */
export interface PasswordHasher {
  /** The hash, with its parameters and its salt beside it. */
  hash(password: string): Promise<string>;
  /**
   * Compares with a hash. Without one it does the same work and answers false, so that the time tells nobody who has a
   * password.
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash was made with parameters other than today's. */
  isOutdated(hash: string): boolean;
}

/** A user as far as signing in by password is concerned. */
export interface PasswordHolder {
  readonly user: User;
  /** The hash, encrypted for this user; absent if none is set. */
  readonly sealedHash?: string;
  /** When they were last used, to within a day, epoch milliseconds; absent if it is not known. */
  readonly lastUsedAt?: number;
}

/** A change of password, and what becomes of the user's sessions. */
export interface PasswordChange {
  readonly userId: string;
  /** The phone whose code allows the change. An account that has moved to another number meanwhile is not changed. */
  readonly phoneTag?: string;
  readonly sealedHash: string;
  /** The session that goes on; all others end. If it is over, nothing is changed. */
  readonly keep?: string;
  /**
   * Set if only a code that went to the phone allows the change. The change then also shows that the phone is the
   * user's own.
   */
  readonly bySms?: true;
  /** The notice to the person, written down together with the change. */
  readonly notice: Notice;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The session that asks is the one that goes on. */
export type PasswordRemoval = Pick<PasswordChange, "userId" | "notice" | "at"> & { readonly keep: string };

export interface PasswordStore {
  /**
   * The user with this phone; one keyed read. Rejects with `StaleKeyError` if the tag key is no longer the current one.
   */
  findByTag(tag: string): Promise<PasswordHolder | undefined>;
  find(userId: string): Promise<PasswordHolder | undefined>;
  /**
   * Sets the password, ends the user's sessions but the one to keep, and voids the user's device tokens, in one durable
   * transaction. False if there is no such user, if they have another phone, or if the session to keep is over.
   */
  change(change: PasswordChange): Promise<boolean>;
  /**
   * Removes it likewise. `needed`: login protection rests on it, even if somebody turned that on a moment ago. If there
   * is no password, nothing happens, and nobody is told.
   */
  remove(removal: PasswordRemoval): Promise<"removed" | "none" | "needed" | "ended">;
  /** Puts a hash in the place of the one that it was made from. If the password has changed meanwhile, does nothing. */
  rehash(userId: string, from: string, to: string): Promise<void>;
}

/**
 * Whose tries at a phone's password are counted together. Neither bucket is spent by the other, nor by guesses at
 * codes.
 */
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
   * Counts an attempt before its outcome is known, if `judge` admits it, in one durable step. Several callers are
   * served one after the other (promise 1). Rejects with `StaleKeyError`.
   *
   * @param judge gets the times of the attempts after `since` that count, oldest first; may be called again
   */
  attempt<C extends RefusalCode>(
    attempt: PasswordAttempt,
    since: number,
    judge: (earlier: readonly number[]) => Result<void, C>,
  ): Promise<Result<void, C>>;
  /** Takes back an attempt that was not a wrong password. */
  takeBack(id: string): Promise<void>;
}
