import type { Session, SessionStore, User } from "../account/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { DAY_MS } from "../time.ts";
import { findOpen } from "./authenticate.ts";
import { type SessionTokenDeps, type SessionTokens, sessionTokens } from "./tokens.ts";

export interface RefreshDeps extends SessionTokenDeps {
  readonly sessions: SessionStore;
}

/** How long the immediate predecessor of a refresh token is answered with the same successor (T23). */
const GRACE_MS = 60_000;

/**
 * Rotates a refresh token. Parallel uses of one token get one successor. Any other spent token was stolen, or its
 * owner's successor was: the session ends (RFC 9700, 4.14.2; T22).
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

async function successorOf(
  deps: RefreshDeps,
  { session, user }: { session: Session; user: User },
  generation: number,
  now: number,
): Promise<Session | undefined> {
  if (generation === session.generation) {
    const rotated = await deps.sessions.rotate(session.id, generation, now);
    // Once a day the user counts as active, too.
    if (rotated && dayOf(session.lastUsedAt) !== dayOf(now)) await deps.sessions.touch(session.id, now);
    if (rotated) return { ...session, generation: generation + 1, rotatedAt: now };
    const found = await deps.sessions.find(session.id);
    return found && graceful(found.session, generation, now) ? found.session : undefined;
  }
  if (graceful(session, generation, now)) return session;
  if (generation < session.generation) await deps.sessions.evict(user.id, session.id, now);
  return undefined;
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

function graceful(session: Session, generation: number, now: number): boolean {
  if (session.endedAt !== undefined) return false;
  return generation === session.generation - 1 && now <= session.rotatedAt + GRACE_MS;
}
