import type { SessionStore, User, UserStore } from "../account/ports.ts";
import type { Keyring } from "../keys.ts";
import type { Clock, Random } from "../ports.ts";
import type { LimitStore } from "../protection/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { equalSecrets, sha256 } from "../secrets.ts";
import type { Tokens } from "./ports.ts";
import type { SessionSettings } from "./session.ts";
import { draftSession, type SignedIn } from "./sign-in.ts";

/** How long an app has to redeem what `return_to` handed over. */
const HANDOVER_MS = 60_000;

export interface HandoverDeps {
  readonly tokens: Tokens;
  readonly users: Pick<UserStore, "find">;
  readonly sessions: SessionStore;
  readonly limits: LimitStore;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: { readonly session: SessionSettings };
}

/**
 * What the page hands to the app by redirect in place of tokens: encrypted, for one use within 60 seconds, and only
 * for whoever has the verifier of `challenge` (RFC 7636, S256).
 */
export async function issueHandover(
  deps: Pick<HandoverDeps, "tokens" | "clock" | "random">,
  signedIn: { readonly user: User; readonly created: boolean },
  challenge: string,
): Promise<string> {
  const now = deps.clock.now();
  const { user, created } = signedIn;
  const claims = { jti: deps.random.uuid(now), sub: user.id, challenge, created };
  const times = { issuedAt: now, expiresAt: now + HANDOVER_MS };
  return await deps.tokens.issue("handover", claims, times);
}

/** Opens the app's own session for a handover. Of several uses one succeeds, whichever comes first. */
export async function redeemHandover(
  deps: HandoverDeps,
  input: { readonly handover: string; readonly codeVerifier: string; readonly userAgent: string },
): Promise<Result<SignedIn, "invalid_handover">> {
  const now = deps.clock.now();
  const claims = await deps.tokens.read("handover", input.handover, now);
  if (!claims || !equalSecrets(sha256(input.codeVerifier), claims.challenge))
    return refuse("invalid_handover");
  if (!(await firstUse(deps, claims.jti, now))) return refuse("invalid_handover");
  const user = await deps.users.find(claims.sub);
  if (!user) return refuse("invalid_handover");
  const session = { ...(await draftSession(deps, input.userAgent)), userId: user.id };
  await deps.sessions.open(session);
  return ok({ user, session, created: claims.created });
}

/** One use in any window that is longer than a handover lives is one use for ever. */
async function firstUse(deps: HandoverDeps, jti: string, now: number): Promise<boolean> {
  const windows = [{ max: 1, windowMs: 2 * HANDOVER_MS }];
  const check = { name: "handover", key: `handover:${jti}`, windows };
  const taken = await deps.limits.take({ member: jti, checks: [check] }, now);
  return taken.ok;
}
