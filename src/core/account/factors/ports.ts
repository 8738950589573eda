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
  /** How often it signed; always 0 for a passkey that lives on several devices. */
  readonly counter: number;
  /** How a browser reaches it. */
  readonly transports: readonly string[];
}

export interface AppGuess {
  readonly userId: string;
  readonly bucket: Bucket;
  /** The app whose code it is, and the time step of the code; undefined if no app has this code. */
  readonly right: { readonly factorId: string; readonly step: number } | undefined;
  /** How many guesses may be wrong, in each window. */
  readonly windows: readonly Window[];
  /** The id under which a wrong guess is written down. */
  readonly failureId: string;
}

export type AppGuessOutcome =
  | { readonly is: "right" | "wrong" }
  /** The budget is spent; the guess was not checked. */
  | { readonly is: "spent"; readonly freeAt: number };

/** What a browser was asked to sign. `boundTo` names the session or the sign-in that asked. */
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
 * Durable second factors. Every method is one atomic step; a notice is written down in the step that it tells of. A
 * method that changes factors changes nothing if its session is over (`ended`), so that nobody who was signed out
 * meanwhile leaves a factor behind.
 */
export interface FactorStore {
  /** The user's factors that count, oldest first; a proposed app does not count. */
  list(userId: string): Promise<readonly Factor[]>;
  /** Keeps an app that does not count yet, in place of any that the user proposed before. */
  propose(factor: AppFactor, sessionId: string): Promise<"proposed" | "ended">;
  findProposed(userId: string, id: string): Promise<AppFactor | undefined>;
  /**
   * Makes the proposed app count, with its code of this step used. `unknown`: it waits no longer; `full`: there are
   * `MOST_FACTORS`.
   */
  confirm(
    app: Changer & { readonly id: string; readonly step: number },
    notice: Notice,
  ): Promise<"confirmed" | "unknown" | "full" | "ended">;
  /** Adds a passkey. `taken`: somebody has it already; `full`: there are `MOST_FACTORS`. */
  addPasskey(
    factor: PasskeyFactor,
    sessionId: string,
    notice: Notice,
  ): Promise<"added" | "taken" | "full" | "ended">;
  /**
   * Counts a guess at the code of an app before its outcome is known. When this resolves, a wrong guess is in the
   * ledger. After a right one, its step and all steps before are used up. However many race, a code is right once, and
   * no more guesses are wrong than the windows allow.
   */
  guess(guess: AppGuess, now: number): Promise<AppGuessOutcome>;
  /** Keeps a challenge, and forgets this user's challenges that are over. */
  challenge(challenge: PasskeyChallenge, now: number): Promise<void>;
  /**
   * Uses a challenge up. Exactly one of several racers gets true, and only for the user and the session that it was
   * made for.
   */
  answer(challenge: Omit<PasskeyChallenge, "expiresAt">, now: number): Promise<boolean>;
  /** Notes that a passkey signed. False if its counter did not grow: the passkey may be a copy. */
  usePasskey(id: string, counter: number, now: number): Promise<boolean>;
  /** Puts these codes in the place of all others. `missing`: the user has no factor that they could stand beside. */
  setRecoveryCodes(
    changer: Changer,
    hashes: readonly string[],
    notice: Notice,
  ): Promise<"set" | "missing" | "ended">;
  /** How many recovery codes are left. */
  countRecoveryCodes(userId: string): Promise<number>;
  /** Uses a code up; exactly one of several racers gets true. */
  useRecoveryCode(userId: string, hash: string, now: number, notice: Notice): Promise<boolean>;
  /** Whether it is one of the user's current codes, and was used. */
  isRecoveryCodeUsed(userId: string, hash: string): Promise<boolean>;
  /** Removes a factor; with the last one, also the recovery codes. `last`: login protection needs this factor. */
  remove(changer: Changer, id: string, notice: Notice): Promise<"removed" | "last" | "unknown" | "ended">;
  /**
   * Turns login protection on. Every session but the changer's ends and no other device stays known, so that nothing
   * that one factor opened lives on. `missing`: the user has neither a factor nor a password.
   */
  protect(protection: Protect, now: number): Promise<"protected" | "missing" | "ended">;
  /** Turns login protection off. If it is off already, nobody is told. */
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
  /** The time step whose code this is, among the current one, the one before and the one after. */
  stepOf(secret: string, code: string, now: number): number | undefined;
}

/** Where a passkey is used. It is good at no other origin. */
export interface PasskeySite {
  /** `https://…` */
  readonly origin: string;
  readonly name: string;
}

/** The ceremonies of WebAuthn. User verification is always asked for. None of the answers given here is trusted. */
export interface Passkeys {
  creationOptions(
    site: PasskeySite,
    user: { readonly id: string; readonly name: string },
    known: readonly Credential[],
  ): Promise<PasskeyOptions>;
  requestOptions(site: PasskeySite, known: readonly Credential[]): Promise<PasskeyOptions>;
  /** The challenge that an answer says it is for; undefined if it is no answer. */
  challengeOf(answer: PasskeyAnswer): string | undefined;
  /** The new passkey; undefined for anything but a good answer to this challenge, made at this site. */
  readCreation(site: PasskeySite, answer: PasskeyAnswer, challenge: string): Promise<Credential | undefined>;
  /** The counter of the passkey; undefined likewise, and if the answer names another user than the passkey's own. */
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

/** The password as a factor: what second factors need to know of it. The rest is in `src/core/password/`. */
export interface PasswordFactor {
  /**
   * Undefined if the user has none. `sureFrom`: from when on it counts beside a code by SMS, epoch milliseconds. A
   * password that was set with nothing but such a code stands for the same phone for a day.
   */
  of(userId: string): Promise<{ readonly sureFrom: number } | undefined>;
  /** Checks a password, under the ledger of passwords. */
  check(input: {
    readonly userId: string;
    readonly password: string;
  }): Promise<Result<void, "invalid_code" | "too_many_requests">>;
}
