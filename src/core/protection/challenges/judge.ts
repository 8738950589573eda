import type { Observer } from "../../observer.ts";
import type { Clock, Random } from "../../ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { solutionLimits } from "../limits/attempts.ts";
import { countOn } from "../limits/count-event.ts";
import type { Bucket, LimitStore } from "../limits/ports.ts";
import { type SendLimit, sendLimit } from "../limits/send-limit.ts";
import type { LimitSettings } from "../limits/settings.ts";
import type {
  Captcha,
  ChallengeKind,
  ChallengeRequest,
  Challenges,
  ChallengeVerifier,
  Verdict,
} from "./ports.ts";

/** How far a caller is trusted with the limits that strangers share. */
export type Standing =
  /** It is asked for no challenge: a known device, or a door or an installation without challenges. */
  | { readonly name: "exempt" }
  /** It has solved no challenge: it is asked for one before a limit refuses it. */
  | { readonly name: "unsolved"; readonly isThirdParty: boolean }
  | { readonly name: "solved"; readonly isThirdParty: boolean; readonly limits: readonly SendLimit[] };

const EXEMPT: Standing = { name: "exempt" };

export interface JudgeDeps extends Pick<Observer, "onVerdict"> {
  readonly challenges?: Challenges;
  readonly limits: LimitStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: { readonly limits: LimitSettings };
}

/** Who calls and for what, as far as challenges are concerned. */
export interface ChallengeCaller extends ChallengeRequest {
  readonly bucket: Bucket;
  /** Stands for the client's address in limits. */
  readonly addressTag?: string;
  /** The kinds that callers of this door can solve; absent if they can solve all. */
  readonly solves?: readonly ChallengeKind[];
}

export type ChallengeRefusal = "captcha_required" | "captcha_unavailable" | "too_many_requests";

/**
 * Judges the challenge that a caller solved, before anything counts. Known devices are never challenged. A solution
 * that is shown must be good, even if none was asked for. If nobody can judge it, strangers wait (T48).
 *
 * @param options.isNew false for a further message of a verification: `always` asked for a challenge when it began.
 */
export async function judgeChallenge(
  deps: JudgeDeps,
  caller: ChallengeCaller,
  captcha: Captcha | undefined,
  { isNew }: { readonly isNew: boolean },
): Promise<Result<Standing, ChallengeRefusal>> {
  const { challenges } = deps;
  if (!challenges || caller.bucket === "device") return ok(EXEMPT);
  const { verifier, when } = challenges;
  if (caller.solves && !caller.solves.includes(verifier.kind)) return ok(EXEMPT);
  if (captcha) return await judgeSolution(deps, challenges, caller, captcha);
  if (when === "always" && isNew) return captchaRequired(challenges);
  return ok({ name: "unsolved", isThirdParty: verifier.isThirdParty });
}

async function judgeSolution(
  deps: JudgeDeps,
  challenges: Challenges,
  caller: ChallengeCaller,
  captcha: Captcha,
): Promise<Result<Standing, ChallengeRefusal>> {
  const { verifier } = challenges;
  const counted = await countSolution(deps, verifier, caller.addressTag);
  if (!counted.ok) return counted;
  const verdict = await verifier.verify(captcha, caller, deps.clock.now());
  deps.onVerdict(verifier.kind, verdict.status);
  if (verdict.status === "invalid") return captchaRequired(challenges);
  if (verdict.status === "unavailable") {
    return refuse("captcha_unavailable", { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS });
  }
  return ok({ name: "solved", isThirdParty: verifier.isThirdParty, limits: useOf(verifier, verdict) });
}

const UNAVAILABLE_RETRY_SECONDS = 10;

/** Limits how many solutions of one address are judged by a third party: each costs time and often money. */
async function countSolution(
  deps: JudgeDeps,
  { isThirdParty }: ChallengeVerifier,
  addressTag: string | undefined,
): Promise<Result<void, "too_many_requests">> {
  const limits = isThirdParty ? solutionLimits(deps.settings.limits, addressTag) : [];
  return limits.length > 0 ? await countOn(deps, limits) : ok(undefined);
}

/**
 * A solution is used in the step that counts the send. Of many uses at once one succeeds, and a start that is refused
 * for another reason leaves it unused (docs/decisions/0007). The window is longer than the solution lives, so one use
 * in it is one use for ever.
 */
function useOf(
  { kind }: ChallengeVerifier,
  { id, livesMs, atMost }: Extract<Verdict, { status: "solved" }>,
): SendLimit[] {
  const windows = [{ max: 1, windowMs: 2 * livesMs }];
  const once = sendLimit("captcha_used", `captcha:${kind}:${id}`, windows, { asksCaptcha: true });
  if (!atMost) return [once];
  return [once, sendLimit("captcha_doubtful", `captcha-doubtful:${kind}`, atMost, { isShared: true })];
}

/** The refusal that asks for a challenge and names the kinds that are accepted. */
export function captchaRequired(
  challenges: Challenges,
): Result<never, "captcha_required"> & { readonly ok: false } {
  return refuse("captcha_required", { field: "captcha", kinds: [challenges.verifier.kind] });
}
