import { type DeviceDeps, identifyCaller } from "../account/device.ts";
import type { SessionStore } from "../account/ports.ts";
import type { Keyring } from "../keys.ts";
import type { Clock, Random } from "../ports.ts";
import { tooMany } from "../protection/limits.ts";
import type { LimitStore } from "../protection/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { equalSecrets, sha256 } from "../secrets.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import { findOpen } from "./authenticate.ts";
import type { TokenClaims, Tokens } from "./ports.ts";
import type { SessionSettings } from "./session.ts";
import { draftSession, type SignedIn } from "./session-draft.ts";

/** How many sessions of apps one user opens: a person needs few, and a thief of a page's cookie gets few. */
const HANDOVER_WINDOWS = [
  { max: 20, windowMs: HOUR_MS },
  { max: 60, windowMs: DAY_MS },
];
/** How long an app has to redeem what `return_to` handed over. */
const HANDOVER_MS = 60_000;

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
 * What the page hands to the app by redirect in place of tokens: encrypted, for one use within 60 seconds, and only
 * for whoever has the verifier of `challenge` (RFC 7636, S256). It ends with the page's session, and what it opens is as
 * sure as that was, as old, and lasts no longer.
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

/** Opens the app's own session for a handover. Of several uses one succeeds, whichever comes first. */
export async function redeemHandover(
  deps: HandoverDeps,
  input: RedeemInput,
): Promise<Result<SignedIn, "invalid_handover" | "too_many_requests">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("handover", input.handover, now);
  if (!claims || !equalSecrets(sha256(input.codeVerifier), claims.challenge))
    return refuse("invalid_handover");
  const counted = await countUse(deps, claims, now);
  if (!counted.ok) return counted;
  // Of a session that is over already, or of an account that is gone, nothing new is written down.
  const source = await pageSession(deps, claims);
  if (!source) return refuse("invalid_handover");
  const caller = await identifyCaller(deps, input.deviceToken, source.user.phoneTag);
  const draft = await draftSession(deps, input.userAgent, { ...claims, ...caller });
  // As old as the page's, and over when that has to be: what opened that one was not shown now. A version before did not say.
  const createdAt = claims.openedAt ?? draft.createdAt;
  const expiresAt = Math.min(draft.expiresAt, source.session.expiresAt);
  const session = { ...draft, userId: claims.sub, createdAt, expiresAt };
  await deps.sessions.open(session);
  // Once more behind the opening: whoever ended all sessions meanwhile ended this one too, or is seen here.
  const page = await pageSession(deps, claims);
  if (page) return ok({ user: page.user, session, created: claims.created });
  await deps.sessions.end(claims.sub, session.id, deps.clock.now());
  return refuse("invalid_handover");
}

type Claims = TokenClaims["handover"];

/** The session and the user that the handover was issued for, if nothing of it has ended since. */
async function pageSession(deps: HandoverDeps, { sid, sub, epoch }: Claims) {
  const found = await findOpen(deps, sid);
  return found?.user.id === sub && found.user.deviceEpoch === epoch ? found : undefined;
}

/** One use in any window that is longer than a handover lives is one use for ever. */
async function countUse(
  deps: HandoverDeps,
  { jti, sub }: Claims,
  now: number,
): Promise<Result<void, "invalid_handover" | "too_many_requests">> {
  const once = { name: "handover", key: `handover:${jti}`, windows: [{ max: 1, windowMs: 2 * HANDOVER_MS }] };
  const sessions = { name: "handovers", key: `handovers:${sub}`, windows: HANDOVER_WINDOWS };
  const taken = await deps.limits.take({ member: jti, checks: [once, sessions] }, now);
  if (taken.ok) return ok(undefined);
  return taken.refusedBy === once.name ? refuse("invalid_handover") : tooMany(taken.retryAt, now);
}
