import type { Session, User } from "../account/ports.ts";
import type { Self } from "../verification/self.ts";

export interface SessionSettings {
  readonly accessTokenMs: number;
  /** The absolute life of a session (NIST SP 800-63B-4, 2.1.3: 30 days at most for AAL1). */
  readonly sessionMs: number;
  /** A session that nobody used for this long is over. */
  readonly idleMs: number;
}

/** Whose request this is, proven by a token of a live session. */
export interface Principal {
  readonly user: User;
  readonly session: Session;
}

/** Who starts a verification of their own in this session. */
export function selfOf({ user, session: { deviceId, isTest, mustSetPassword } }: Principal): Self {
  return { user, deviceId, ...(isTest && { isTest }), ...(mustSetPassword && { mustSetPassword }) };
}

export function isOpen(session: Session, settings: SessionSettings, now: number): boolean {
  if (session.endedAt !== undefined) return false;
  return now < session.expiresAt && now < session.lastUsedAt + settings.idleMs;
}
