import type { Observer } from "../observer.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { countOn } from "./limits/count.ts";
import { type LimitSettings, type SendLimit, sendLimit, solutionLimits } from "./limits/limits.ts";
import type { Bucket, LimitStore, Window } from "./limits/ports.ts";

/** The kinds of challenges that a stranger who asks for a message may have to solve. */
export const CHALLENGE_KINDS = ["altcha", "tencent", "turnstile", "hcaptcha"] as const;

export type ChallengeKind = (typeof CHALLENGE_KINDS)[number];

/** A caller's solution of a challenge; its door has checked the shape and nothing else. */
export type Captcha =
  | { readonly kind: "altcha"; readonly payload: string }
  | { readonly kind: "tencent"; readonly ticket: string; readonly randstr: string }
  | { readonly kind: "turnstile" | "hcaptcha"; readonly token: string };

/** What a challenge is solved for: a message to this phone, for this purpose, and at the pages from this browser. */
export interface ChallengeRequest {
  readonly phoneTag: string;
  readonly purpose: string;
  /** The hash of the browser's pre-session; absent for callers of an API. */
  readonly browser?: string;
  /** The client's address itself, for services that compare it with who solved the challenge. */
  readonly address?: string;
}

/** What a caller needs to solve a challenge. */
export interface ChallengeOffer {
  readonly kind: ChallengeKind;
  /** The public key or id of this installation at a third party. */
  readonly siteKey?: string;
  /** The proof of work itself, signed, in the form that its protocol has. */
  readonly puzzle?: Readonly<Record<string, unknown>>;
}

export type Verdict =
  | {
      readonly status: "solved";
      /** The same for the same solution, however it is written, and for no other. */
      readonly id: string;
      /** How long after a challenge was made its solutions are taken. */
      readonly livesMs: number;
      /** Where the verifier could not check the solution: how many such are let through, of all callers together. */
      readonly atMost?: readonly Window[];
    }
  /** Wrong, forged, expired, used up at its service, or made for another request. */
  | { readonly status: "invalid" }
  /** Nobody can tell at the moment. */
  | { readonly status: "unavailable" };

/** Makes and judges the challenges of one kind. */
export interface ChallengeVerifier {
  readonly kind: ChallengeKind;
  /** Whether somebody else judges. A proof of work shows that a machine was busy, and never opens a closed budget. */
  readonly isThirdParty: boolean;
  /** The public key or id of this installation at the third party. */
  readonly siteKey?: string;
  /** A proof of work for this request, signed, in the form that its protocol has. Keeps nothing. */
  puzzle?(request: ChallengeRequest, now: number): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Judges a solution, for this request alone; one of another kind is `invalid`. It keeps nothing, so a solution may be
   * judged as solved many times: that it is used once is for the caller to see to. `unavailable` where a third party does
   * not answer in time. Never rejects, whatever a caller sends.
   */
  verify(captcha: Captcha, request: ChallengeRequest, now: number): Promise<Verdict>;
}

/** `CAPTCHA` and `CAPTCHA_WHEN`; absent where nobody is ever challenged. */
export interface Challenges {
  readonly verifier: ChallengeVerifier;
  /** `always` asks every stranger; `risk` those whose requests reach the challenge threshold of a limit. */
  readonly when: "risk" | "always";
}

/** How far a caller is trusted with the limits that strangers share. */
export type Standing =
  /** No challenge is asked of it: a known device, or a door or an installation without challenges. */
  | { readonly name: "exempt" }
  /** It has solved none: it is asked for one before a limit refuses it. */
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
  /** The kinds that callers of this door can solve; all, where it is absent. */
  readonly solves?: readonly ChallengeKind[];
}

export type ChallengeRefusal = "captcha_required" | "captcha_unavailable" | "too_many_requests";

/**
 * Judges what a caller shows, before anything counts. Known devices are never challenged. A solution that is shown must
 * be good, also where none was asked for; and where nobody can tell, strangers wait (T48).
 *
 * @param send.isNew false for a further message of a verification: `always` asked for a challenge when it began.
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

/** Asking a third party costs time and often money, so what is asked for one address has a limit. */
async function countSolution(
  deps: JudgeDeps,
  { isThirdParty }: ChallengeVerifier,
  addressTag: string | undefined,
): Promise<Result<void, "too_many_requests">> {
  const limits = isThirdParty ? solutionLimits(deps.settings.limits, addressTag) : [];
  return limits.length > 0 ? await countOn(deps, limits) : ok(undefined);
}

/**
 * A solution is used in the very step that counts the send: of many uses at once one succeeds, and a start that is
 * refused for another reason leaves it unused (docs/decisions/0007). One use in any window that is longer than it lives
 * is one use for ever.
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

/** The refusal that asks for a challenge, naming the kinds that are taken. */
export function captchaRequired(
  challenges: Challenges,
): Result<never, "captcha_required"> & { readonly ok: false } {
  return refuse("captcha_required", { field: "captcha", kinds: [challenges.verifier.kind] });
}
