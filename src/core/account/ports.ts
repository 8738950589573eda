import type { Session } from "../session/ports.ts";

/** How many avatars Phonekey serves; a user's avatar is a number from 1 on. */
export const AVATARS = 10;

export interface User {
  readonly id: string;
  readonly phoneTag: string;
  readonly sealedPhone: string;
  /** Empty until the user sets one. */
  readonly name: string;
  readonly avatar: number;
  /** Device tokens of an older epoch are void: ending all sessions raises it. */
  readonly deviceEpoch: number;
  readonly createdAt: number;
  /** Set on a user who was moved in from elsewhere, until a code shows that the phone is theirs. */
  readonly unprovenSince?: number;
  /** When one factor does not open a session of this user; absent where it always does. */
  readonly loginProtection?: LoginProtection;
  /** When the password was set; absent where there is none. */
  readonly passwordSetAt?: number;
  /** When it was last set by a code that went to the phone: it is no second factor beside that phone for a while. */
  readonly passwordResetAt?: number;
}

/** `new_devices`: a known device opens a session by one factor. */
export type LoginProtection = "always" | "new_devices";

export interface UserStore {
  find(id: string): Promise<User | undefined>;
  /** The user with this phone. Rejects with `StaleKeyError` when the tag key is no longer the current one. */
  findByTag(tag: string): Promise<User | undefined>;
  /** Changes what is given and resolves with the user as it is then; undefined when there is none. */
  update(
    id: string,
    change: { readonly name?: string; readonly avatar?: number },
    now: number,
  ): Promise<User | undefined>;
  /**
   * Finds the user of this phone or creates it, opens the session and marks the verification's messages as converted,
   * in one durable transaction. However many first sign-ins race, one user comes of it, and one caller gets `created`.
   * A user who was unproven is proven by it: what sessions, device tokens and password there may be before end
   * with that. An invitation of this phone is used up when the user is made.
   * Where the user's login protection asks for a second factor, everything but the session comes of it.
   * A user whom nobody used since `unusedSince` has lost the number to somebody else: that user keeps everything but the
   * number, its sessions and devices, and a new user comes of it.
   */
  signIn(draft: SignInDraft): Promise<Entered & { readonly created: boolean }>;
  /**
   * The same where this phone has a user already; undefined where it has none, or one whom nobody used since `unusedSince`,
   * who keeps the number then: nobody else gets it.
   */
  signInKnown(draft: SignInDraft): Promise<(Entered & { readonly created: false }) | undefined>;
  /**
   * Opens a session for a user that exists, under the same rule. Undefined when there is no such user, when their number
   * went to somebody else, when they have another number or epoch than what was shown, and when a session with this id was
   * opened before: of several racers exactly one opens it.
   */
  enter(draft: EntryDraft): Promise<Entered | undefined>;
}

/** A user, and whether their session was opened: not so where login protection asks for a second factor. */
export interface Entered {
  readonly user: User;
  readonly opened: boolean;
}

export interface EntryDraft {
  readonly session: Session;
  /** The phone that was shown with it: one that the user had before opens nothing. */
  readonly phoneTag?: string;
  /** The user's epoch that what was shown is good for: it opens nothing behind whoever ended everything meanwhile. */
  readonly epoch?: number;
  readonly knownEpoch?: number | undefined;
}

export interface SignInDraft {
  /** The user to create if this phone has none. */
  readonly user: User;
  readonly session: Omit<Session, "userId">;
  readonly verificationId?: string;
  /** The user's epoch under which the session's device was known; absent for an unknown one. */
  readonly knownEpoch?: number | undefined;
  /** Set for strangers alone: a user who was last used before this, epoch milliseconds, is not who signs in. */
  readonly unusedSince?: number;
  /** Whether users with login protection are spared: a second factor tells who they are. */
  readonly sparesProtected?: boolean;
}
