import { issueDeviceToken } from "../account/device.ts";
import type { Session, User } from "../account/ports.ts";
import type { Clock, Random } from "../ports.ts";
import type { Tokens } from "./ports.ts";
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
}

/**
 * All tokens of a session as it is now. The refresh token follows from the session's generation alone, so that whoever
 * repeats a rotation is given the same one.
 */
export async function sessionTokens(
  deps: SessionTokenDeps,
  session: Session,
  user: User,
): Promise<SessionTokens> {
  const now = deps.clock.now();
  const lifeMs = Math.min(deps.settings.session.accessTokenMs, session.expiresAt - now);
  const jti = deps.random.uuid(now);
  const access = { sub: user.id, sid: session.id, jti, ...(session.isTest && { test: true as const }) };
  const [accessToken, refreshToken, deviceToken] = await Promise.all([
    deps.tokens.issue("access", access, { issuedAt: now, expiresAt: now + lifeMs }),
    refreshTokenOf(deps.tokens, session),
    issueDeviceToken(deps, user, session),
  ]);
  return { accessToken, expiresInSeconds: Math.floor(lifeMs / 1000), refreshToken, deviceToken, user };
}

/** The value of the pages' session cookie: it names the session and says nothing else. */
export async function issuePageToken(
  deps: Pick<SessionTokenDeps, "tokens">,
  session: Session,
): Promise<string> {
  const times = { issuedAt: session.createdAt, expiresAt: session.expiresAt };
  return await deps.tokens.issue("page", { sid: session.id }, times);
}

async function refreshTokenOf(tokens: Tokens, session: Session): Promise<string> {
  return await tokens.issue(
    "refresh",
    { sid: session.id, gen: session.generation },
    { issuedAt: session.rotatedAt, expiresAt: session.expiresAt },
    session.refreshKeyId,
  );
}
