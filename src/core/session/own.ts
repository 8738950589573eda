import { ok, type Result, refuse } from "../refusals.ts";
import type { AuthenticateDeps } from "./authenticate.ts";
import type { Session } from "./ports.ts";
import { isOpen, type Principal } from "./session.ts";

/** Users name their sessions by id, so that no token is read. */
export type OwnSessionsDeps = Omit<AuthenticateDeps, "tokens">;

/** The user's sessions that are open, the most recently used first. */
export async function listSessions(
  { sessions, clock, settings }: OwnSessionsDeps,
  { user }: Principal,
): Promise<readonly Session[]> {
  const now = clock.now();
  const all = await sessions.list(user.id, now);
  return all.filter((session) => isOpen(session, settings.session, now));
}

/**
 * Ends one of the user's own sessions. Refused with `not_found` if it is somebody else's or has ended. A user who ends
 * another session than the one that asks distrusts its device, so all device tokens become void then.
 */
export async function endSession(
  { sessions, clock }: OwnSessionsDeps,
  { user, session }: Principal,
  id: string,
): Promise<Result<void, "not_found">> {
  const now = clock.now();
  const ended =
    id === session.id ? sessions.end(user.id, id, now) : sessions.evict(user.id, id, now, session.id);
  return (await ended) ? ok(undefined) : refuse("not_found");
}

/** Ends all other sessions. Refused with `invalid_token` if one of them was first and ended this one. */
export async function endOtherSessions(
  { sessions, clock }: OwnSessionsDeps,
  { user, session }: Principal,
): Promise<Result<void, "invalid_token">> {
  const ended = await sessions.endOthers(user.id, session.id, clock.now());
  return ended ? ok(undefined) : refuse("invalid_token");
}

/** Ends all sessions. Refused with `invalid_token` if one of them was first and ended this one. */
export async function endAllSessions(
  { sessions, clock }: OwnSessionsDeps,
  { user, session }: Principal,
): Promise<Result<void, "invalid_token">> {
  const ended = await sessions.endAll(user.id, clock.now(), { sessionId: session.id });
  return ended ? ok(undefined) : refuse("invalid_token");
}
