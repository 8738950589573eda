import type { User } from "../account/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { DAY_MS } from "../time.ts";
import { findOpen } from "./authenticate.ts";
import type { Session, SessionStore } from "./ports.ts";
import { isWithinGrace } from "./session.ts";
import { type SessionTokenDeps, type SessionTokens, sessionTokens } from "./tokens.ts";

export interface RefreshDeps extends SessionTokenDeps {
  readonly sessions: SessionStore;
}

/**
 * Rotates a refresh token. Parallel uses of one token get the same successor, for 60 seconds. Any other use of a spent
 * token means that it or its successor was stolen. It ends the session (RFC 9700, 4.14.2; T22).
 *
 * Refused with `invalid_refresh_token` in that case, and for a token that is forged, expired or of an ended session.
 */
export async function refreshSession(
  deps: RefreshDeps,
  refreshToken: string,
): Promise<Result<SessionTokens, "invalid_refresh_token">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("refresh", refreshToken, now);
  if (!claims) return refuse("invalid_refresh_token");
  const found = await findOpen(deps, claims.sid);
  if (!found) return refuse("invalid_refresh_token");
  const successor = await successorOf(deps, found, claims.gen, now);
  if (!successor) return refuse("invalid_refresh_token");
  return ok(await sessionTokens(deps, successor, found.user));
}

/** The session that the next token is made from; undefined if this token gets no successor. */
async function successorOf(
  deps: RefreshDeps,
  { session, user }: { session: Session; user: User },
  generation: number,
  now: number,
): Promise<Session | undefined> {
  if (generation === session.generation) {
    const rotated = await deps.sessions.rotate(session.id, generation, now);
    // Rotation does not note that the user is active; `touch` does, once a day.
    if (rotated && dayOf(session.lastUsedAt) !== dayOf(now)) await deps.sessions.touch(session.id, now);
    if (rotated) return { ...session, generation: generation + 1, rotatedAt: now };
    const found = await deps.sessions.find(session.id);
    return found && isWithinGrace(found.session, generation, now) ? found.session : undefined;
  }
  if (isWithinGrace(session, generation, now)) return session;
  if (generation < session.generation) await deps.sessions.evict(user.id, session.id, now);
  return undefined;
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
