import type { Session } from "../account/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { AuthenticateDeps } from "./authenticate.ts";
import { isOpen, type Principal } from "./session.ts";

/** What users do with their sessions needs no token. */
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
 * Ends a session of the user's own; one of somebody else, or that has ended, is `not_found`. Whoever ends one from another
 * one does not trust the device that it runs on any more.
 */
export async function endSession(
  { sessions, clock }: OwnSessionsDeps,
  { user, session }: Principal,
  id: string,
): Promise<Result<void, "not_found">> {
  const now = clock.now();
  const ended = id === session.id ? sessions.end(user.id, id, now) : sessions.evict(user.id, id, now);
  return (await ended) ? ok(undefined) : refuse("not_found");
}
