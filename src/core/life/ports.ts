import type { Locale } from "../locale.ts";
import type { Notice } from "../notices/ports.ts";

/** An account that is about to move to another number. Times are epoch milliseconds. */
export interface PhoneChange {
  readonly id: string;
  readonly userId: string;
  /** The session that asked for it; it stays when the others end. */
  readonly sessionId: string;
  /** The new number's; the number itself is in `sealedPhone`, encrypted for this id. */
  readonly phoneTag: string;
  readonly sealedPhone: string;
  /** The hash of what stops it without signing in. */
  readonly stopHash: string;
  /** What its notices are written in. */
  readonly locale: Locale;
  readonly createdAt: number;
  /** When it takes effect. */
  readonly dueAt: number;
}

/** Accounts that are about to move to another number. Each method is one durable transaction. */
export interface PhoneChangeStore {
  /**
   * Writes the change and its notices down, in place of one that the user had. `taken` where another user has the
   * number or is about to: of several racers for one number exactly one gets it, and what the others had before stays.
   * `gone` where there is no such user, or the session that asks is over. Rejects with `StaleKeyError` when the tag key is no longer the current one.
   */
  propose(change: PhoneChange, notices: readonly Notice[]): Promise<"proposed" | "taken" | "gone">;
  /** The user's change, if there is one. */
  find(userId: string): Promise<PhoneChange | undefined>;
  /** The change that this stops, if there is one. */
  findByStopHash(stopHash: string): Promise<PhoneChange | undefined>;
  /**
   * Gives the user the new number, writes the notices down, ends their sessions but the one that asked, and voids their
   * device tokens. `taken` where somebody signed up with the number meanwhile: then nothing but the change is over.
   * `gone` where the change is over already. However many race, one gets `applied`.
   *
   * @param to.sealedPhone the new number, encrypted for the user
   */
  apply(
    change: Pick<PhoneChange, "id" | "userId">,
    to: { readonly sealedPhone: string; readonly notices: readonly Notice[] },
    now: number,
  ): Promise<"applied" | "taken" | "gone">;
  /**
   * Takes the user's change back: it does not take effect any more. `none` where there is none; `gone` where there is no
   * such user, or the session that asks is over.
   */
  cancel(userId: string, sessionId: string, now: number): Promise<"canceled" | "none" | "gone">;
  /** Takes the change back, ends all sessions of its user and voids their device tokens. False where there is none. */
  stop(stopHash: string, now: number): Promise<boolean>;
  /** Has the change take effect no earlier than `until`. */
  postpone(id: string, until: number): Promise<void>;
  /** The changes that take effect by now, longest due first. */
  due(now: number, limit: number): Promise<readonly PhoneChange[]>;
}
