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
  /** When one factor alone does not open a session of this user; absent if it always does. */
  readonly loginProtection?: LoginProtection;
  /** When the password was set; absent if there is none. */
  readonly passwordSetAt?: number;
  /**
   * When it was last set by a code that went to the phone. For a while after that it is no second factor beside that
   * phone.
   */
  readonly passwordResetAt?: number;
}

/** `new_devices`: a known device opens a session by one factor. */
export type LoginProtection = "always" | "new_devices";

export interface UserStore {
  find(id: string): Promise<User | undefined>;
  /** The user with this phone. Rejects with `StaleKeyError` when the tag key is no longer the current one. */
  findByTag(tag: string): Promise<User | undefined>;
  /** Changes what is given and resolves with the user as it is then; undefined if there is none. */
  update(
    id: string,
    change: { readonly name?: string; readonly avatar?: number },
    now: number,
  ): Promise<User | undefined>;
  /**
   * Finds the user of this phone or creates it, opens the session and marks the verification's messages as converted,
   * in one durable transaction. However many first sign-ins race, one user is created, and one caller gets `created`.
   *
   * - An unproven user is proven by it. Their earlier sessions, device tokens and password end with that.
   * - An invitation of this phone is used up when the user is created.
   * - If the user's login protection asks for a second factor, everything is done but the session is not opened.
   * - A user who was last used before `unusedSince` has lost the number to somebody else. That user loses the number,
   *   the sessions and the devices and keeps everything else; a new user is created.
   */
  signIn(draft: SignInDraft): Promise<Entered & { readonly created: boolean }>;
  /**
   * The same if this phone has a user already. Undefined if it has none, or one who was last used before `unusedSince`.
   * That user keeps the number then: nobody else gets it.
   */
  signInKnown(draft: SignInDraft): Promise<(Entered & { readonly created: false }) | undefined>;
  /**
   * Opens a session for a user that exists, under the same rule. Undefined if there is no such user, if their number
   * went to somebody else, if their number or epoch is not the one that was shown, or if a session with this id was
   * opened before. Of several racers exactly one opens it.
   */
  enter(draft: EntryDraft): Promise<Entered | undefined>;
}

/** A user, and whether their session was opened. It was not if login protection asks for a second factor. */
export interface Entered {
  readonly user: User;
  readonly opened: boolean;
}

export interface EntryDraft {
  readonly session: Session;
  /** The phone that was shown with it. A phone that the user had before opens nothing. */
  readonly phoneTag?: string;
  /**
   * The user's epoch when the factor was shown. If all sessions were ended meanwhile, the epoch is another, and none
   * opens.
   */
  readonly epoch?: number;
  readonly knownEpoch?: number | undefined;
}

export interface SignInDraft {
  /** The user to create if this phone has none. */
  readonly user: User;
  readonly session: Omit<Session, "userId">;
  readonly verificationId?: string;
  /** The user's epoch under which the session's device was known; absent if it is unknown. */
  readonly knownEpoch?: number | undefined;
  /** Set for strangers only. A user who was last used before this, epoch milliseconds, is not the one who signs in. */
  readonly unusedSince?: number;
  /** Whether users with login protection keep their number in any case: a second factor tells who they are. */
  readonly sparesProtected?: boolean;
}
