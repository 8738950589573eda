import type { SessionStore } from "../account/ports.ts";
import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { Tokens } from "./ports.ts";
import { isOpen, type Principal, type SessionSettings } from "./session.ts";

export interface AuthenticateDeps {
  readonly tokens: Tokens;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly settings: { readonly session: SessionSettings };
}

/** Reads an access token and its session: an ended session is refused at once, not when the token expires (T24). */
export async function authenticate(
  deps: AuthenticateDeps,
  accessToken: string,
): Promise<Result<Principal, "invalid_token">> {
  const claims = await deps.tokens.read("access", accessToken, deps.clock.now());
  if (!claims) return refuse("invalid_token");
  const principal = await openSession(deps, claims.sid);
  return principal?.user.id === claims.sub ? ok(principal) : refuse("invalid_token");
}

/** A page's visitor counts as active at most once in this time, so that reading a page seldom writes. */
const TOUCH_MS = 3_600_000;

/** Reads the pages' session cookie, and notes that the session is in use. */
export async function authenticatePage(
  deps: AuthenticateDeps,
  pageToken: string,
): Promise<Result<Principal, "invalid_token">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("page", pageToken, now);
  if (!claims) return refuse("invalid_token");
  const principal = await openSession(deps, claims.sid);
  if (!principal) return refuse("invalid_token");
  if (now - principal.session.lastUsedAt >= TOUCH_MS) await deps.sessions.touch(claims.sid, now);
  return ok(principal);
}

async function openSession(deps: AuthenticateDeps, id: string): Promise<Principal | undefined> {
  const found = await deps.sessions.find(id);
  return found && isOpen(found.session, deps.settings.session, deps.clock.now()) ? found : undefined;
}
