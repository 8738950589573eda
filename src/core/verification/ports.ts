import type { Locale } from "../locale.ts";
import type { Bucket } from "../protection/limits/ports.ts";
import type { Traffic } from "../protection/traffic.ts";
import type { Purpose } from "./purpose.ts";

/** A verification as a store keeps it. Times are epoch milliseconds; `expiresAt` is the first moment it is dead. */
export interface Verification {
  readonly id: string;
  readonly purpose: Purpose;
  /** The phone's tag; the number itself is in `sealedPhone`, encrypted for this id. */
  readonly phoneTag: string;
  readonly sealedPhone: string;
  /** The key its code is derived from; the code itself is kept nowhere. */
  readonly codeKeyId: string;
  readonly codeLength: number;
  /** For a temporary password: the length of code that the ledger granted, under which it counts wrong guesses. */
  readonly grantedLength?: number;
  readonly attemptsAllowed: number;
  readonly attemptsUsed: number;
  readonly outcome: "open" | "approved" | "canceled";
  /** When the right code was entered; absent if an older version approved it. */
  readonly approvedAt?: number;
  /** Whose sends and guesses it uses up: those of strangers or of known devices. */
  readonly bucket: Bucket;
  /** Where its messages go and where it was started; absent if an older version started it. */
  readonly traffic?: Traffic;
  /** Who holds it (`holderOf`). A later start of the same holder finds it again. */
  readonly holder?: string;
  /** The hash of the pre-session it was started in. If it is set, no other browser can use the code (T25). */
  readonly browser?: string;
  /** Set if a backend started it: the backend's name, and what it sent along (`Ask`), encrypted for this id. */
  readonly asked?: { readonly client: string; readonly sealed: string };
  readonly locale: Locale;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** How many messages have been sent for it. */
  readonly messages: number;
  /** When it may be sent again. */
  readonly resendAt: number;
}

export type GuessOutcome = "approved" | "wrong" | "dead";

/** A guess at the code of the verification with this id, and whether it is the right one. */
export interface Guess {
  readonly id: string;
  readonly isRight: boolean;
}

/** What became of a guess. After the right one, also the verification's counts as they are then. */
export type GuessResult =
  | { readonly outcome: "wrong" | "dead" }
  | ({ readonly outcome: "approved" } & Pick<Verification, "attemptsUsed" | "messages">);

/** Short-lived verifications. Every method is one atomic step in the store. */
export interface VerificationStore {
  /** Keeps a new verification. Ids are unguessable and never repeat. */
  create(verification: Verification): Promise<void>;
  /** The verification with this id, also after its end, until the store forgets it. */
  find(id: string): Promise<Verification | undefined>;
  /** The newest verification of this holder for this phone and purpose that is still live. */
  findHeld(
    holder: string,
    phoneTag: string,
    purpose: Purpose,
    now: number,
  ): Promise<Verification | undefined>;
  /**
   * Counts one attempt and, if it is right, consumes the verification in the same step (T1, T2). Resolves with `dead`,
   * and counts nothing, if the verification is unknown, over, or has no attempts left. However many callers race, at
   * most `attemptsAllowed` of them get an outcome other than `dead`, and at most one gets `approved`.
   */
  guess(guess: Guess, now: number): Promise<GuessResult>;
  /**
   * Notes that a further message goes out. False if the verification is no longer live, or if this message or a later
   * one was noted before. Of several racers exactly one gets true.
   */
  resent(
    id: string,
    change: { readonly messages: number; readonly resendAt: number; readonly expiresAt: number },
    now: number,
  ): Promise<boolean>;
  /** Ends it without approval, if it is still open. */
  cancel(id: string): Promise<void>;
  /** Forgets verifications that ended before `before`, at most `limit` rows a call. Resolves with how many. */
  sweep(before: number, limit: number): Promise<number>;
}
