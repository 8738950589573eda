import { ok, type Result, refuse } from "../../refusals.ts";
import { levelOf, type Method } from "../../session/methods.ts";
import type { Session, SessionStore } from "../../session/ports.ts";
import type { Need } from "../../session/requirements.ts";
import type { Principal } from "../../session/session.ts";
import { type OwnDeps, ownOf, raisedBy } from "./own.ts";
import { type ProveDeps, type ProveInput, type ProveRefusal, proveFactor } from "./prove.ts";

export interface StepUpDeps extends ProveDeps {
  readonly sessions: Pick<SessionStore, "stepUp">;
}

/** The session to raise. */
export interface ToRaise {
  readonly principal: Principal;
  /** Whether the token of the principal's session gets a successor by this. */
  readonly rotates?: boolean;
}

export interface StepUpInput extends ToRaise, Pick<ProveInput, "evidence" | "client" | "site" | "locale"> {}

/** The factors that raise this session; none if the user has no factor that counts beside the one that opened it. */
export async function waysToRaise(
  deps: OwnDeps & Pick<StepUpDeps, "clock">,
  { user, session }: Principal,
): Promise<readonly Method[]> {
  return raisedBy(user, session, await ownOf(deps, user.id), deps.clock.now());
}

/**
 * The methods that raise the session as `Need.level` and `Need.notBy` want it. If none does so alone, the methods that
 * are a first step towards it.
 */
export async function waysFor(
  deps: OwnDeps & Pick<StepUpDeps, "clock">,
  principal: Principal,
  { withinMs, level = 1, notBy = [] }: Need,
): Promise<readonly Method[]> {
  const ways = await waysToRaise(deps, principal);
  const { amr, createdAt } = principal.session;
  const isNew = deps.clock.now() - createdAt <= withinMs;
  const makesLevel = (way: Method) => levelOf(amr) >= level || !amr.includes(way);
  // In a new session, any method besides the one that opened it makes two.
  const isMore = (way: Method) => !notBy.includes(way) || (isNew && !amr.includes(way));
  const enough = ways.filter((way) => makesLevel(way) && isMore(way));
  // If the password is the only factor of login protection, it is shown anew first. After that the number counts beside
  // it.
  return principal.user.loginProtection && enough.length === 0 ? ways : enough;
}

/** Raises the session by a further factor, or renews it by one that it has. `invalid_token` if it ended meanwhile. */
export async function stepUp(
  deps: StepUpDeps,
  { principal, rotates = false, ...input }: StepUpInput,
): Promise<Result<Session, ProveRefusal | "invalid_token">> {
  const { user, session } = principal;
  const methods = await waysToRaise(deps, principal);
  const boundTo = `session:${session.id}`;
  const proven = await proveFactor(deps, { ...input, user, methods, bucket: "device", boundTo });
  return proven.ok ? await raiseBy(deps, { principal, rotates }, input.evidence.by) : proven;
}

/** Raises the session by what was just shown in it. `invalid_token` if it ended meanwhile. */
export async function raiseBy(
  { sessions, clock }: Pick<StepUpDeps, "sessions" | "clock">,
  { principal: { session }, rotates }: ToRaise,
  method: Method,
): Promise<Result<Session, "invalid_token">> {
  const from = rotates ? session.generation : undefined;
  const raised = await sessions.stepUp(session.id, method, clock.now(), from);
  return raised ? ok(raised) : refuse("invalid_token");
}
