import type { UserStore } from "../account/ports.ts";
import { type Profile, type ProfileDeps, readProfile, updateProfile } from "../account/profile.ts";
import type { Phone } from "../phone.ts";
import { ok } from "../refusals.ts";
import { type AuthenticateDeps, touchSession } from "../session/authenticate.ts";
import type { Session, TokenClaims, Tokens } from "../session/ports.ts";
import { isOpen, type Principal } from "../session/session.ts";
import { type Told, tell } from "./reason.ts";

export interface FunctionsTokenDeps extends AuthenticateDeps, ProfileDeps {
  readonly users: UserStore;
}

/** What the token says of its user, as clients of the functions API write it. */
export type Shown = Omit<TokenClaims["functions"], "sid">;

/** The token of a session, which expires with it. */
export async function issueFunctionsToken(
  { tokens }: { readonly tokens: Tokens },
  session: Session,
  shown: Shown,
): Promise<string> {
  const times = { issuedAt: session.createdAt, expiresAt: session.expiresAt };
  return await tokens.issue("functions", { ...shown, sid: session.id }, times);
}

/** Whom a request asks about. All that is given must be the token's own. */
export interface Asked {
  readonly phone?: Phone;
  readonly userId?: string;
}

/**
 * The user of a token, as they are now. Nobody is looked up but that user: what is asked about is only compared, so that
 * another number or user gives the same answer whether it is known or not.
 */
export async function readByFunctions(
  deps: FunctionsTokenDeps,
  token: string,
  asked: Asked,
): Promise<Told<Profile>> {
  const principal = await authenticate(deps, token);
  if (!principal.ok) return principal;
  const profile = await readProfile(deps, principal.value.user);
  const isOther = (own: string, given: string | undefined) => given !== undefined && given !== own;
  const isForeign = isOther(profile.phone, asked.phone) || isOther(profile.id, asked.userId);
  return isForeign ? tell("not_the_tokens") : ok(profile);
}

/** Sets the name of the token's user; `isName` says which there can be. */
export async function renameByFunctions(
  deps: FunctionsTokenDeps,
  token: string,
  { userId, name }: { readonly userId: string; readonly name: string },
): Promise<Told<Profile, "invalid_request" | "invalid_token">> {
  const own = await readByFunctions(deps, token, { userId });
  if (!own.ok) return own;
  const renamed = await updateProfile(deps, userId, { name });
  return !renamed.ok && renamed.refusal.code === "invalid_token" ? tell("no_user") : renamed;
}

async function authenticate(deps: FunctionsTokenDeps, token: string): Promise<Told<Principal>> {
  const now = deps.clock.now();
  const read = await deps.tokens.readExpired("functions", token);
  if (!read) return tell("wrong_token");
  if (read.expiresAt <= now) return tell("expired_token");
  const { sid, userId } = read.claims;
  const found = await deps.sessions.find(sid);
  if (!found) return tell((await deps.users.find(userId)) ? "wrong_token" : "no_user");
  const isGood = found.user.id === userId && isOpen(found.session, deps.settings.session, now);
  if (!isGood) return tell("wrong_token");
  await touchSession(deps, found.session, now);
  return ok(found);
}
