import type { User } from "../account/ports.ts";
import type { Purpose } from "../verification/purpose.ts";
import type { Method } from "./methods.ts";

/** The family of one refresh token. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  /** How often the refresh token has been rotated. */
  readonly generation: number;
  readonly rotatedAt: number;
  /** The key that its refresh tokens are made with. It stays the same, so that a token can be made again. */
  readonly refreshKeyId: string;
  /** The device it runs on: a known one, or a new one that this session made known. */
  readonly deviceId: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** The absolute end, epoch milliseconds. */
  readonly expiresAt: number;
  readonly endedAt?: number;
  /** Set if a test number opened it. More people than the holder may know that number's code. */
  readonly isTest?: true;
  /**
   * How the person showed who they are: the method that opened the session, then those that raised it, in this order.
   * Each method once.
   */
  readonly amr: readonly Method[];
  /** When they last did, epoch milliseconds. A session that was handed over has the time of the page's session. */
  readonly authTime: number;
  /** Set if a temporary password opened it, until the user has chosen a password of their own. */
  readonly mustSetPassword?: true;
}

export interface SessionStore {
  /** The session and its user, also when it has ended; one keyed read. */
  find(id: string): Promise<{ readonly session: Session; readonly user: User } | undefined>;
  /**
   * Opens a further session for a user that exists. False, and nothing is kept, if the user was erased meanwhile, or if
   * there is a session of this id, open or not. Exactly one of several racers gets true.
   */
  open(session: Session): Promise<boolean>;
  /**
   * Rotates from `generation` to the next, if the session is still at it and not over. Exactly one of several racers
   * gets true.
   */
  rotate(id: string, generation: number, now: number): Promise<boolean>;
  /**
   * Adds the method that the person has just shown to a session that is not over, as the last of its methods. Resolves
   * with the session as it is then. Of several at the same time none is lost.
   *
   * @param from rotates from this generation in the same write, as `rotate` does, if the session is still at it
   */
  stepUp(id: string, method: Method, now: number, from?: number): Promise<Session | undefined>;
  /** Notes that the session was used and, once a day, that its user was. */
  touch(id: string, now: number): Promise<void>;
  /** The user's sessions that have not ended, most recently used first; at most a hundred. */
  list(userId: string, now: number): Promise<readonly Session[]>;
  /** Ends one session of this user; its device stays known. False if the user has no such live session. */
  end(userId: string, id: string, now: number): Promise<boolean>;
  /**
   * Ends one session of this user, whoever holds it, and voids the user's device tokens: with one of them a thief could
   * use up the guesses and sends kept for known devices. A refresh makes the devices of live sessions known again.
   *
   * @param by the session that asks, if one does: if it is over itself, it ends nothing
   */
  evict(userId: string, id: string, now: number, by?: string): Promise<boolean>;
  /**
   * Ends every session of this user but `keep`, and voids the user's device tokens. Once `keep` is over: false, and
   * nothing ends.
   */
  endOthers(userId: string, keep: string, now: number): Promise<boolean>;
  /**
   * Ends every session of this user and voids the user's device tokens. Once the user is gone or the session that asks
   * is over: false, and nothing ends.
   *
   * @param by who asks: one of these sessions, or an operator in the user's place, which is in the audit trail
   */
  endAll(userId: string, now: number, by?: { readonly sessionId: string } | "operator"): Promise<boolean>;
}

/** What each kind of token says. Every kind has its own `typ`, `aud` and key (promise 10). */
export interface TokenClaims {
  access: {
    readonly sub: string;
    readonly sid: string;
    readonly jti: string;
    /** Present in the tokens of sessions that a test number opened, and in no others. */
    readonly test?: true;
    /** The level of its session, as text (RFC 9470): `1`, or `2` after two factors. */
    readonly acr: "1" | "2";
    /** The methods that reach this level (RFC 8176), with `mfa` beside two factors. */
    readonly amr: readonly (Method | "mfa")[];
    /** When the person last showed who they are, seconds since the epoch (OpenID Connect Core, section 2). */
    readonly auth_time: number;
  };
  refresh: { readonly sid: string; readonly gen: number };
  device: { readonly sub: string; readonly did: string; readonly epoch: number };
  page: {
    readonly sid: string;
    /** The session's generation; absent for the first. */
    readonly gen?: number;
    /** What the forms of its pages carry, if that was made from an earlier cookie: earlier forms then stay good. */
    readonly form?: string;
  };
  /** The pre-session of a browser that is signing in. */
  flow: {
    readonly pre: string;
    readonly verification?: string;
    /** What was typed as the code of that verification, in a form that is shown again for another reason. */
    readonly code?: string;
    readonly returnTo?: string;
    readonly state?: string;
    readonly challenge?: string;
    /** Present if this sign-in has made the user. The app is told so, however late it gets its handover. */
    readonly created?: true;
  };
  handover: {
    readonly jti: string;
    readonly sub: string;
    /** The page's session and the user's device epoch at the time of issue: the handover ends with either. */
    readonly sid: string;
    readonly epoch: number;
    readonly challenge: string;
    readonly created: boolean;
    /** How and when the person showed to the page who they are. */
    readonly amr: readonly Method[];
    readonly authTime: number;
    /** When the page's session was opened. */
    readonly openedAt?: number;
    /** The end of the page's session, if a test number opened it. */
    readonly testUntil?: number;
    /** Present if a temporary password opened the page's session. */
    readonly mustSetPassword?: true;
  };
  /** A sign-in between its two steps. */
  second_factor: {
    /** The session that it may open. */
    readonly sid: string;
    readonly sub: string;
    /** What was shown at the first step. */
    readonly first: Method;
    /** The user's device epoch at the time of issue: the challenge ends with it. */
    readonly epoch: number;
    /** The known device and the page's browser that the first step came from. */
    readonly did?: string;
    readonly browser?: string;
    /** Present if a temporary password was shown. */
    readonly mustSetPassword?: true;
    /** The end of the test number's time, if one was shown. */
    readonly testUntil?: number;
  };
  /** What a client of the functions API reads from its token, and the session behind it. */
  functions: {
    readonly phone: string;
    readonly userId: string;
    readonly name: string;
    readonly avatar: string;
    readonly sid: string;
  };
  /** Shows a backend that the holder of a phone entered the code that it asked for. Its audience is that `client`. */
  proof: {
    readonly client: string;
    readonly jti: string;
    readonly verification: string;
    readonly purpose: Purpose;
    readonly phone?: string;
    readonly phoneTag?: string;
    readonly reference?: string;
    /** With `confirm_transaction`: `transactionDigest` of what was confirmed. */
    readonly transactionHash?: string;
  };
  /** Lets its bearer enter the code that a backend asked for, at the page of that verification. */
  link: {
    readonly verification: string;
    readonly client: string;
    readonly returnTo?: string;
    readonly state?: string;
  };
}

export type TokenKind = keyof TokenClaims;

/** Makes and reads tokens. */
export interface Tokens {
  /**
   * @param times epoch milliseconds; equal claims and times give an equal `refresh` token, so that a predecessor
   *   can be answered with the same successor.
   * @param keyId the key to use instead of the current one.
   */
  issue<K extends TokenKind>(
    kind: K,
    claims: TokenClaims[K],
    times: { readonly issuedAt: number; readonly expiresAt: number },
    keyId?: string,
  ): Promise<string>;
  /**
   * The claims; undefined for anything but a valid, unexpired token of exactly this kind. Never rejects for bad input.
   */
  read<K extends TokenKind>(kind: K, token: string, now: number): Promise<TokenClaims[K] | undefined>;
  /**
   * As `read`, but takes expired tokens too. `expiresAt`, epoch milliseconds, is the first moment at which it has
   * expired.
   */
  readExpired<K extends TokenKind>(
    kind: K,
    token: string,
  ): Promise<{ readonly claims: TokenClaims[K]; readonly expiresAt: number } | undefined>;
  /** The public signing keys (RFC 7517), including those not yet in use. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}
