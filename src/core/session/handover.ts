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

/** How many sessions of apps a user may open: a person needs few, so a thief of a page's cookie gets no more. */
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
 * Issues what the page hands to an app by redirect in place of tokens: encrypted, for one use within 60 seconds, and only
 * for whoever has the verifier of `challenge` (RFC 7636, S256). It ends with the page's session. The session that it opens
 * has that one's level and age, and ends no later.
 */
export async function issueHandover(
  deps: Pick<HandoverDeps, "tokens" | "clock" | "random">,
  signedIn: SignedIn,
  challenge: string,
): Promise<string> {
  const now = deps.clock.now();
  const { user, session, created } = signedIn;
  const jti = deps.random.uuid(now);
  const test = session.isTest && { testUntil: session.expiresAt };
  const password = session.mustSetPassword && { mustSetPassword: true as const };
  const { id: sid, amr, authTime, createdAt: openedAt } = session;
  const claims = {
    jti,
    sub: user.id,
    sid,
    epoch: user.deviceEpoch,
    challenge,
    created,
    amr,
    authTime,
    openedAt,
    ...test,
    ...password,
  };
  return await deps.tokens.issue("handover", claims, { issuedAt: now, expiresAt: now + HANDOVER_MS });
}

export interface RedeemInput {
  readonly handover: string;
  readonly codeVerifier: string;
  readonly userAgent: string;
  /** Of the device that the app runs on, where it has one. */
  readonly deviceToken?: string;
}

/**
 * Opens the app's own session for a handover, and gives it the handover's id: of several uses one succeeds, and every other
 * ends that session against whoever has it, since one of them may be a thief (OWASP ASVS 5.0, 10.4.2). Refused with
 * `invalid_handover` where it is forged, expired or used, the verifier is another one, or the page's session has ended.
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
  // One that comes again opens nothing, and is not to be stopped before it ends what its first use opened.
  if (!taken.ok && !taken.isCounted) return tooMany(taken.retryAt, now);
  const opened = await openOnce(deps, input, claims);
  if (opened) return ok(opened);
  await deps.sessions.evict(claims.sub, claims.jti, deps.clock.now());
  return refuse("invalid_handover");
}

type Claims = TokenClaims["handover"];

/** The app's session; undefined where this handover has opened it before, or the page's is over. */
async function openOnce(
  deps: HandoverDeps,
  { userAgent, deviceToken }: RedeemInput,
  claims: Claims,
): Promise<SignedIn | undefined> {
  // Checked before the opening, so that nothing is written for an ended session or an erased account…
  const source = await pageSession(deps, claims);
  if (!source) return undefined;
  const caller = await identifyCaller(deps, deviceToken, source.user.phoneTag);
  const draft = await draftSession(deps, userAgent, { ...claims, ...caller, id: claims.jti });
  // The person showed who they are when the page's session was opened, so this one has its age and its end. Handovers of
  // earlier versions do not say when that was.
  const createdAt = claims.openedAt ?? draft.createdAt;
  const expiresAt = Math.min(draft.expiresAt, source.session.expiresAt);
  const session = { ...draft, userId: claims.sub, createdAt, expiresAt };
  if (!(await deps.sessions.open(session))) return undefined;
  // … and again after it: sessions that were ended in between are either ended with this one, or seen here.
  const page = await pageSession(deps, claims);
  return page && { user: page.user, session, created: claims.created };
}

/** The session and the user that the handover was issued for, if nothing of it has ended since. */
async function pageSession(deps: HandoverDeps, { sid, sub, epoch }: Claims) {
  const found = await findOpen(deps, sid);
  return found?.user.id === sub && found.user.deviceEpoch === epoch ? found : undefined;
}
