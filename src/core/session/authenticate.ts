import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { HOUR_MS } from "../time.ts";
import type { Session, SessionStore, Tokens } from "./ports.ts";
import {
  isOpen,
  isWithinGrace,
  type PagePrincipal,
  type Principal,
  type SessionSettings,
} from "./session.ts";

export interface AuthenticateDeps {
  readonly tokens: Tokens;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly settings: { readonly session: SessionSettings };
}

/**
 * Reads an access token and its session. Refused with `invalid_token` as soon as the session has ended, even if the
 * token has not expired (T24).
 */
export async function authenticate(
  deps: AuthenticateDeps,
  accessToken: string,
): Promise<Result<Principal, "invalid_token">> {
  const claims = await deps.tokens.read("access", accessToken, deps.clock.now());
  if (!claims) return refuse("invalid_token");
  const principal = await findOpen(deps, claims.sid);
  return principal?.user.id === claims.sub ? ok(principal) : refuse("invalid_token");
}

/** The use of a session is noted at most once in this time, so that read-only requests seldom write. */
const TOUCH_MS = HOUR_MS;

/** Notes that a session was used at `now`, unless that was noted within the last hour. */
export async function touchSession(
  { sessions }: Pick<AuthenticateDeps, "sessions">,
  session: Session,
  now: number,
): Promise<void> {
  if (now - session.lastUsedAt >= TOUCH_MS) await sessions.touch(session.id, now);
}

/**
 * Reads the pages' session cookie, and notes that the session is in use. The cookie from before a step-up is good for
 * one more minute: for requests under way, but for nothing that takes a step-up. So a thief who has that cookie gains
 * nothing from a step-up that the thief did not make (ASVS 7.2.4).
 */
export async function authenticatePage(
  deps: AuthenticateDeps,
  pageToken: string,
): Promise<Result<PagePrincipal, "invalid_token">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("page", pageToken, now);
  if (!claims) return refuse("invalid_token");
  const principal = await findOpen(deps, claims.sid);
  if (!principal) return refuse("invalid_token");
  const { user, session: current } = principal;
  const { gen: generation = 0, form } = claims;
  const isCurrent = generation === current.generation;
  if (!isCurrent && !isWithinGrace(current, generation, now)) return refuse("invalid_token");
  await touchSession(deps, current, now);
  const session = isCurrent ? current : { ...current, generation, authTime: 0 };
  return ok({ user, session, current, ...(form && { form }) });
}

/**
 * Whether this was the session cookie of an account that was erased. A session that only ended is still in the store.
 */
export async function isErased(
  { tokens, sessions, clock }: Pick<AuthenticateDeps, "tokens" | "sessions" | "clock">,
  pageToken: string,
): Promise<boolean> {
  const claims = await tokens.read("page", pageToken, clock.now());
  return claims !== undefined && (await sessions.find(claims.sid)) === undefined;
}

/** The open session with this id, and its user; undefined if there is none. */
export async function findOpen(
  deps: Pick<AuthenticateDeps, "sessions" | "clock" | "settings">,
  id: string,
): Promise<Principal | undefined> {
  const found = await deps.sessions.find(id);
  return found && isOpen(found.session, deps.settings.session, deps.clock.now()) ? found : undefined;
}
