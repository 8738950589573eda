import type { Method } from "../session/methods.ts";

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

/** The family of one refresh token. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  /** How often the refresh token has been rotated. */
  readonly generation: number;
  readonly rotatedAt: number;
  /** The key that its refresh tokens are made with; it stays the same, so that a token can be made again. */
  readonly refreshKeyId: string;
  /** The device it runs on: a known one, or one that this session made known. */
  readonly deviceId: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** The absolute end, epoch milliseconds. */
  readonly expiresAt: number;
  readonly endedAt?: number;
  /** Set where a test number opened it, whose code more people may know than its holder. */
  readonly isTest?: true;
  /** How the person showed who they are: by what opened it, and by what raised it since, in this order. Each method once. */
  readonly amr: readonly Method[];
  /** When they last did, epoch milliseconds. A session that was handed over has that of the page. */
  readonly authTime: number;
  /** Set where a temporary password opened it, until its user has chosen a password of their own. */
  readonly mustSetPassword?: true;
}

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

export interface SessionStore {
  /** The session and its user, also when it has ended; one keyed read. */
  find(id: string): Promise<{ readonly session: Session; readonly user: User } | undefined>;
  /** Opens a further session for a user that exists; of one who was erased meanwhile nothing is left. */
  open(session: Session): Promise<void>;
  /** Rotates from `generation` to the next, if it is still that and not over. Exactly one of several racers gets true. */
  rotate(id: string, generation: number, now: number): Promise<boolean>;
  /**
   * Adds what the person has just shown to a session that is not over, as the last of all, and resolves with it as it is
   * then. Of several at the same time none is lost.
   */
  stepUp(id: string, method: Method, now: number): Promise<Session | undefined>;
  /** Notes that the session was used, and once a day that its user was. */
  touch(id: string, now: number): Promise<void>;
  /** The user's sessions that have not ended, most recently used first; the first hundred. */
  list(userId: string, now: number): Promise<readonly Session[]>;
  /** Ends one session of this user, whose device stays known. False when the user has no such live session. */
  end(userId: string, id: string, now: number): Promise<boolean>;
  /**
   * Ends one session of this user against whoever has it, and voids the user's device tokens: with one of them the
   * guesses and sends kept for known devices could be used up. Devices of live sessions are known again by a refresh.
   *
   * @param by the session that asks, where one does: once it is over itself it ends nothing
   */
  evict(userId: string, id: string, now: number, by?: string): Promise<boolean>;
  /** Ends every session of this user but `keep`, and voids the user's device tokens. False, and nothing, once `keep` is over. */
  endOthers(userId: string, keep: string, now: number): Promise<boolean>;
  /**
   * Ends every session of this user and voids the user's device tokens. False, and nothing, once the user is gone or the
   * session that asks is over.
   *
   * @param by who asks: one of these sessions, or an operator in the user's place, which is in the audit trail
   */
  endAll(userId: string, now: number, by?: { readonly sessionId: string } | "operator"): Promise<boolean>;
}
