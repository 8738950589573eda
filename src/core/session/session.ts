import type { User } from "../account/ports.ts";
import type { Phone } from "../phone.ts";
import { MINUTE_MS } from "../time.ts";
import type { Self } from "../verification/self.ts";
import type { Session } from "./ports.ts";

export interface SessionSettings {
  /** How long an access token is good. */
  readonly accessTokenMs: number;
  /** The absolute life of a session (NIST SP 800-63B-4, 2.1.3: 30 days at most for AAL1). */
  readonly sessionMs: number;
  /** A session that nobody has used for this long is over. */
  readonly idleMs: number;
}

/** Whose request this is, proven by a token of a live session. */
export interface Principal {
  readonly user: User;
  readonly session: Session;
}

/** A person who has just signed in. */
export interface SignedIn extends Principal {
  /** The user's number, if it is what showed who they are. */
  readonly phone?: Phone;
  /** Whether this was the first sign-in, which made the user. */
  readonly created: boolean;
}

/** Whose request of the pages this is. `session` has only the rights that the cookie gives. */
export interface PagePrincipal extends Principal {
  /** The session as it is. */
  readonly current: Session;
  /** What the forms of the visitor's pages carry, if that is not made from this cookie. */
  readonly form?: string;
}

/** The user of this session, as one who starts a verification for themselves. */
export function selfOf({ user, session: { deviceId, isTest, mustSetPassword } }: Principal): Self {
  return { user, deviceId, ...(isTest && { isTest }), ...(mustSetPassword && { mustSetPassword }) };
}

/** Whether a session is open: not ended, not expired, and not unused for too long. */
export function isOpen(session: Session, settings: SessionSettings, now: number): boolean {
  if (session.endedAt !== undefined) return false;
  return now < session.expiresAt && now < session.lastUsedAt + settings.idleMs;
}

/** How long the immediate predecessor of a token stays good beside its successor (T23). */
const GRACE_MS = MINUTE_MS;

/**
 * Whether a token of this generation is the immediate predecessor of the current one, and was rotated within the grace
 * time.
 */
export function isWithinGrace(session: Session, generation: number, now: number): boolean {
  if (session.endedAt !== undefined) return false;
  return generation === session.generation - 1 && now <= session.rotatedAt + GRACE_MS;
}
