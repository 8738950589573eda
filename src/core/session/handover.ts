import { type DeviceDeps, identifyCaller } from "../account/device.ts";
import type { Keyring } from "../keys.ts";
import type { Clock, Random } from "../ports.ts";
import { tooMany } from "../protection/limits/count-event.ts";
import type { LimitStore } from "../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { equalSecrets, sha256 } from "../secrets.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../time.ts";
import { findOpen } from "./authenticate.ts";
import type { SessionStore, TokenClaims, Tokens } from "./ports.ts";
import type { SessionSettings, SignedIn } from "./session.ts";
import { draftSession } from "./session-draft.ts";

/** How many sessions of apps a user may open. A person needs few, and a thief of a page's cookie gets no more. */
const HANDOVER_WINDOWS = [
  { max: 20, windowMs: HOUR_MS },
  { max: 60, windowMs: DAY_MS },
];
/** How long an app has to redeem what `return_to` handed over. */
const HANDOVER_MS = MINUTE_MS;

export interface HandoverDeps extends DeviceDeps {
  readonly tokens: Tokens;
  readonly sessions: SessionStore;
  readonly limits: LimitStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: { readonly session: SessionSettings };
}

/**
 * Issues what the page hands to an app by redirect in place of tokens. It is encrypted, for one use within 60 seconds,
 * and works only with the verifier of `challenge` (RFC 7636, S256). It ends with the page's session. The session that
 * it opens has the level and the age of the page's session, and ends no later.
 */
export async function issueHandover(
  deps: Pick<HandoverDeps, "tokens" | "clock" | "random">,
  signedIn: SignedIn,
  challenge: string,
): Promise<string> {
  const now = deps.clock.now();
  const { user, session, created } = signedIn;
  const jti = deps.random.uuid(now);
  const { id: sid, amr, authTime, createdAt: openedAt, mustSetPassword } = session;
  const claims: Claims = {
    jti,
    sub: user.id,
    sid,
    epoch: user.deviceEpoch,
    challenge,
    created,
    amr,
    authTime,
    openedAt,
    ...(session.isTest && { testUntil: session.expiresAt }),
    ...(mustSetPassword && { mustSetPassword }),
  };
  return await deps.tokens.issue("handover", claims, { issuedAt: now, expiresAt: now + HANDOVER_MS });
}

export interface RedeemInput {
  readonly handover: string;
  readonly codeVerifier: string;
  readonly userAgent: string;
  /** The token of the device that the app runs on, if it has one. */
  readonly deviceToken?: string | undefined;
}

/**
 * Opens the app's own session for a handover, and gives it the handover's id. Of several uses one succeeds. Every other
 * use ends that session, whoever holds it, since one of the uses may be a thief's (OWASP ASVS 5.0, 10.4.2).
 *
 * Refused with `invalid_handover` if it is forged, expired or used, if the verifier is not the right one, or if the
 * page's session has ended.
 */
export async function redeemHandover(
  deps: HandoverDeps,
  input: RedeemInput,
): Promise<Result<SignedIn, "invalid_handover" | "too_many_requests">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("handover", input.handover, now);
  if (!claims || !equalSecrets(sha256(input.codeVerifier), claims.challenge))
    return refuse("invalid_handover");
  const sessions = { name: "handovers", key: `handovers:${claims.sub}`, windows: HANDOVER_WINDOWS };
  const taken = await deps.limits.take({ member: claims.jti, limits: [sessions] }, now);
  // A handover that comes again opens nothing. The limit must not stop it before it ends the session of its first use.
  if (!taken.ok && !taken.isCounted) return tooMany(taken.retryAt, now);
  const opened = await openOnce(deps, input, claims);
  if (opened) return ok(opened);
  await deps.sessions.evict(claims.sub, claims.jti, deps.clock.now());
  return refuse("invalid_handover");
}

type Claims = TokenClaims["handover"];

/** The app's session; undefined if this handover has opened it before, or if the page's session is over. */
async function openOnce(
  deps: HandoverDeps,
  { userAgent, deviceToken }: RedeemInput,
  claims: Claims,
): Promise<SignedIn | undefined> {
  // Checked before the opening, so that nothing is written for an ended session or an erased account…
  const source = await pageSession(deps, claims);
  if (!source) return undefined;
  const { jti: id, amr, authTime, testUntil, mustSetPassword } = claims;
  const { deviceId } = await identifyCaller(deps, deviceToken, source.user.phoneTag);
  const traits = { id, amr, authTime, deviceId, testUntil, mustSetPassword };
  const draft = await draftSession(deps, userAgent, traits);
  // The person showed who they are when the page's session was opened, so the app's session has its age and its end.
  // Handovers of earlier versions do not say when it was opened.
  const createdAt = claims.openedAt ?? draft.createdAt;
  const expiresAt = Math.min(draft.expiresAt, source.session.expiresAt);
  const session = { ...draft, userId: claims.sub, createdAt, expiresAt };
  if (!(await deps.sessions.open(session))) return undefined;
  // … and again after it: a session that was ended in between either ended this one too, or is seen here.
  const page = await pageSession(deps, claims);
  return page && { user: page.user, session, created: claims.created };
}

/** The session and the user that the handover was issued for, if neither has ended since. */
async function pageSession(deps: HandoverDeps, { sid, sub, epoch }: Claims) {
  const found = await findOpen(deps, sid);
  return found?.user.id === sub && found.user.deviceEpoch === epoch ? found : undefined;
}
