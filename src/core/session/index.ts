import { type DeviceDeps, issueDeviceToken } from "../account/device.ts";
import { type AuthenticateDeps, authenticate, authenticatePage, isErased } from "./authenticate.ts";
import { endAllSessions, endOtherSessions, endSession, listSessions } from "./own.ts";
import type { Session } from "./ports.ts";
import { type RefreshDeps, refreshSession } from "./refresh.ts";
import { requireOwnPassword } from "./requirements.ts";
import type { Principal, SignedIn } from "./session.ts";
import { issueAccessToken, issuePageToken, type SessionTokenDeps, sessionTokens } from "./tokens.ts";

/** What there is to do with a session, from its tokens to its end. */
export function createSessions(deps: AuthenticateDeps & RefreshDeps & SessionTokenDeps & DeviceDeps) {
  return {
    deviceToken: ({ user, session }: Principal) => issueDeviceToken(deps, user, session),
    pageToken: (session: Session, form?: string) => issuePageToken(deps, session, form),
    tokens: ({ session, user }: SignedIn) => sessionTokens(deps, session, user),
    accessToken: (session: Session) => issueAccessToken(deps, session),
    requireOwnPassword,
    refresh: (refreshToken: string) => refreshSession(deps, refreshToken),
    authenticate: (accessToken: string) => authenticate(deps, accessToken),
    authenticatePage: (pageToken: string) => authenticatePage(deps, pageToken),
    isErased: (pageToken: string) => isErased(deps, pageToken),
    list: (principal: Principal) => listSessions(deps, principal),
    end: (principal: Principal, id: string) => endSession(deps, principal, id),
    endOthers: (principal: Principal) => endOtherSessions(deps, principal),
    endAll: (principal: Principal) => endAllSessions(deps, principal),
  };
}
