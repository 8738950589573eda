import { issueDeviceToken } from "../account/device.ts";
import type { User } from "../account/ports.ts";
import type { Clock, Random } from "../ports.ts";
import { levelOf } from "./methods.ts";
import type { Session, TokenClaims, Tokens } from "./ports.ts";
import type { SessionSettings } from "./session.ts";

export interface SessionTokenDeps {
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: { readonly session: SessionSettings };
}

/** What a client gets when a session opens or is refreshed. */
export interface SessionTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly deviceToken: string;
  readonly user: User;
  readonly mustSetPassword?: true;
}

/**
 * All tokens of a session as it is now. The same generation always gives the same refresh token, so that a client that
 * repeats a rotation gets the same successor.
 */
export async function sessionTokens(
  deps: SessionTokenDeps,
  session: Session,
  user: User,
): Promise<SessionTokens> {
  const [access, refreshToken, deviceToken] = await Promise.all([
    issueAccessToken(deps, session),
    refreshTokenOf(deps.tokens, session),
    issueDeviceToken(deps, user, session),
  ]);
  const { mustSetPassword } = session;
  return { refreshToken, deviceToken, user, ...access, ...(mustSetPassword && { mustSetPassword }) };
}

/** A new access token of a session, with the session's current level. It never outlives the session. */
export async function issueAccessToken(
  { tokens, clock, random, settings }: SessionTokenDeps,
  session: Session,
): Promise<Pick<SessionTokens, "accessToken" | "expiresInSeconds">> {
  const now = clock.now();
  const lifeMs = Math.min(settings.session.accessTokenMs, session.expiresAt - now);
  const level = levelOf(session.amr);
  const claims: TokenClaims["access"] = {
    sub: session.userId,
    sid: session.id,
    jti: random.uuid(now),
    acr: level === 2 ? "2" : "1",
    amr: level === 2 ? [...session.amr, "mfa"] : session.amr,
    auth_time: Math.floor(session.authTime / 1_000),
    ...(session.isTest && { test: true as const }),
  };
  const accessToken = await tokens.issue("access", claims, { issuedAt: now, expiresAt: now + lifeMs });
  return { accessToken, expiresInSeconds: Math.floor(lifeMs / 1_000) };
}

/**
 * The value of the pages' session cookie: it names the session and its generation.
 *
 * @param form what the pages' forms carry, if that was made from an earlier cookie of the session
 */
export async function issuePageToken(
  deps: Pick<SessionTokenDeps, "tokens">,
  { id: sid, generation: gen, rotatedAt: issuedAt, expiresAt }: Session,
  form?: string,
): Promise<string> {
  const claims = { sid, ...(gen > 0 && { gen }), ...(form && { form }) };
  return await deps.tokens.issue("page", claims, { issuedAt, expiresAt });
}

async function refreshTokenOf(tokens: Tokens, session: Session): Promise<string> {
  return await tokens.issue(
    "refresh",
    { sid: session.id, gen: session.generation },
    { issuedAt: session.rotatedAt, expiresAt: session.expiresAt },
    session.refreshKeyId,
  );
}
