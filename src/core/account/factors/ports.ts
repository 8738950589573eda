import type { Notice } from "../../notices/ports.ts";
import type { Bucket, Window } from "../../protection/limits/ports.ts";
import type { Result } from "../../refusals.ts";
import type { LoginProtection } from "../ports.ts";

/** A second factor of a user beside their phone. Times are epoch milliseconds. */
export type Factor = AppFactor | PasskeyFactor;

interface FactorBase {
  readonly id: string;
  readonly userId: string;
  /** As its owner calls it. */
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt?: number;
}

/** An authenticator app (TOTP, RFC 6238). */
export interface AppFactor extends FactorBase {
  readonly kind: "totp";
  /** Its secret, encrypted for this id. */
  readonly sealedSecret: string;
}

/** A passkey (WebAuthn, level 3). */
export interface PasskeyFactor extends FactorBase, Credential {
  readonly kind: "passkey";
}

/** What is kept of a passkey. Ids and keys are base64url. */
export interface Credential {
  readonly credentialId: string;
  /** COSE. */
  readonly publicKey: string;
  /** How often it signed; always 0 for one that lives on several devices. */
  readonly counter: number;
  /** How a browser reaches it. */
  readonly transports: readonly string[];
}

export interface AppGuess {
  readonly userId: string;
  readonly bucket: Bucket;
  /** The app whose code it is, and of which step of time; absent where it is nobody's code. */
  readonly right: { readonly factorId: string; readonly step: number } | undefined;
  /** How many may be wrong, in each window. */
  readonly windows: readonly Window[];
  /** What a wrong one is written down under. */
  readonly failureId: string;
}

export type AppGuessOutcome =
  | { readonly is: "right" | "wrong" }
  /** The budget is spent; nothing was looked at. */
  | { readonly is: "spent"; readonly freeAt: number };

/** What browsers were asked to sign, and by whom: `boundTo` names the session or the sign-in. */
export interface PasskeyChallenge {
  readonly challenge: string;
  readonly userId: string;
  readonly boundTo: string;
  readonly expiresAt: number;
}

/** Who changes factors, and in which session. */
export interface Changer {
  readonly userId: string;
  readonly sessionId: string;
}

/** More than any person uses. */
export const MOST_FACTORS = 10;

/**
 * Durable second factors. Every method is one atomic step; a notice is written down with what it tells of. What changes
 * factors changes nothing where its session is over (`ended`): whoever was thrown out meanwhile leaves none behind.
 */
export interface FactorStore {
  /** The user's factors that count, oldest first. */
  list(userId: string): Promise<readonly Factor[]>;
  /** Keeps an app that does not count yet, in place of another such one. */
  propose(factor: AppFactor, sessionId: string): Promise<"proposed" | "ended">;
  findProposed(userId: string, id: string): Promise<AppFactor | undefined>;
  /**
   * From now on the proposed app counts, its code of this step used. `unknown`: it does not wait any more; `full`: there are
   * `MOST_FACTORS`.
   */
  confirm(
    app: Changer & { readonly id: string; readonly step: number },
    notice: Notice,
  ): Promise<"confirmed" | "unknown" | "full" | "ended">;
  /** Adds a passkey; `taken` where somebody has it already, `full` where there are `MOST_FACTORS`. */
  addPasskey(
    factor: PasskeyFactor,
    sessionId: string,
    notice: Notice,
  ): Promise<"added" | "taken" | "full" | "ended">;
  /**
   * Counts a guess at the code of an app before its outcome is known: a wrong one is in the ledger, and of a right one the
   * step and all before it are used up, when this resolves. However many race, a code is right once, and no more are
   * wrong than the windows have.
   */
  guess(guess: AppGuess, now: number): Promise<AppGuessOutcome>;
  /** Keeps a challenge; forgets those of this user that are over. */
  challenge(challenge: PasskeyChallenge, now: number): Promise<void>;
  /** Uses a challenge up. True for one of several racers, and only for the user and the session that it was made for. */
  answer(challenge: Omit<PasskeyChallenge, "expiresAt">, now: number): Promise<boolean>;
  /** Notes that a passkey signed. False when its counter did not grow: it may be a copy. */
  usePasskey(id: string, counter: number, now: number): Promise<boolean>;
  /** Puts these codes in the place of all others. `missing`: there is no factor that they could stand beside. */
  setRecoveryCodes(
    changer: Changer,
    hashes: readonly string[],
    notice: Notice,
  ): Promise<"set" | "missing" | "ended">;
  /** How many recovery codes are left. */
  countRecoveryCodes(userId: string): Promise<number>;
  /** Uses a code up; exactly one of several racers gets true. */
  useRecoveryCode(userId: string, hash: string, now: number, notice: Notice): Promise<boolean>;
  /** Whether it is one of the codes that the user has, and was used. */
  isRecoveryCodeUsed(userId: string, hash: string): Promise<boolean>;
  /** Removes a factor, with the last one also the recovery codes. `last`: login protection needs it. */
  remove(changer: Changer, id: string, notice: Notice): Promise<"removed" | "last" | "unknown" | "ended">;
  /**
   * Turns login protection on: every session but the changer's ends and no other device is known any more, so that nothing of one
   * factor lives on. `missing` when the user has neither a factor nor a password.
   */
  protect(protection: Protect, now: number): Promise<"protected" | "missing" | "ended">;
  /** Turns it off. Where it is off already nothing is told. */
  unprotect(changer: Changer, notice: Notice): Promise<"unprotected" | "ended">;
}

export interface Protect extends Changer {
  readonly when: LoginProtection;
}

/** The arithmetic of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 seconds). */
export interface Totp {
  /** A new secret, Base32. */
  newSecret(): string;
  /** What an app reads from a QR code (Key Uri Format). */
  uri(secret: string, of: { readonly issuer: string; readonly account: string }): string;
  /** The step of time whose code this is, among that of now, the one before and the one after. */
  stepOf(secret: string, code: string, now: number): number | undefined;
}

/** Where a passkey is used: it is good at no other origin. */
export interface PasskeySite {
  /** `https://…` */
  readonly origin: string;
  readonly name: string;
}

/** The ceremonies of WebAuthn. User verification is always asked for. Nothing of what is given here is believed. */
export interface Passkeys {
  creationOptions(
    site: PasskeySite,
    user: { readonly id: string; readonly name: string },
    known: readonly Credential[],
  ): Promise<PasskeyOptions>;
  requestOptions(site: PasskeySite, known: readonly Credential[]): Promise<PasskeyOptions>;
  /** The challenge that an answer says it is for; undefined for what is no answer. */
  challengeOf(answer: PasskeyAnswer): string | undefined;
  /** The new passkey, or undefined for anything that is not a good answer to this challenge, made at this site. */
  readCreation(site: PasskeySite, answer: PasskeyAnswer, challenge: string): Promise<Credential | undefined>;
  /** The counter of the passkey, or undefined likewise, and where it names another user than its own. */
  readAssertion(
    site: PasskeySite,
    answer: PasskeyAnswer,
    challenge: string,
    known: PasskeyFactor,
  ): Promise<number | undefined>;
}

export interface PasskeyOptions {
  readonly challenge: string;
  /** For `navigator.credentials`, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a browser answered, as JSON (WebAuthn level 3, section 5.1.8). */
export interface PasskeyAnswer {
  readonly id: string;
  readonly [member: string]: unknown;
}

/** The password as a factor: what second factors have to know of it. The rest is in `src/core/password/`. */
export interface PasswordFactor {
  /**
   * Undefined where the user has none. `sureFrom`: from when on it counts beside a code by SMS, epoch milliseconds; what
   * was set with nothing but such a code is the same phone for a day.
   */
  of(userId: string): Promise<{ readonly sureFrom: number } | undefined>;
  /** Looks at a password, under the ledger of passwords. */
  check(input: {
    readonly userId: string;
    readonly password: string;
  }): Promise<Result<void, "invalid_code" | "too_many_requests">>;
}
