import type { Window } from "../limits/ports.ts";

/** The kinds of challenges that a stranger who asks for a message may have to solve. */
export const CHALLENGE_KINDS = ["altcha", "tencent", "turnstile", "hcaptcha"] as const;

export type ChallengeKind = (typeof CHALLENGE_KINDS)[number];

/** A caller's solution of a challenge. Its door has checked only the shape. */
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
  /** The client's address itself, for services that compare it with that of the solver. */
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
      /** The same solution has the same id, however it is written; no other solution has it. */
      readonly id: string;
      /** How long after a challenge was made its solutions are taken. */
      readonly livesMs: number;
      /**
       * Set if the verifier could not check the solution: how many unchecked ones are let through, of all callers
       * together.
       */
      readonly atMost?: readonly Window[];
    }
  /** Wrong, forged, expired, used up at its service, or made for another request. */
  | { readonly status: "invalid" }
  /** Nobody can tell at the moment. */
  | { readonly status: "unavailable" };

/** Makes and judges the challenges of one kind. */
export interface ChallengeVerifier {
  readonly kind: ChallengeKind;
  /**
   * Whether somebody else judges. A proof of work only shows that a machine was busy, and never opens a closed budget.
   */
  readonly isThirdParty: boolean;
  /** The public key or id of this installation at the third party. */
  readonly siteKey?: string;
  /** A proof of work for this request, signed, in the form that its protocol has. Keeps nothing. */
  puzzle?(request: ChallengeRequest, now: number): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Judges a solution, for this request only; one of another kind is `invalid`. It keeps nothing, so it may judge a
   * solution as solved many times: the caller must see to it that a solution is used once. `unavailable` if a third
   * party does not answer in time. Never rejects, whatever a caller sends.
   */
  verify(captcha: Captcha, request: ChallengeRequest, now: number): Promise<Verdict>;
}

/** `CAPTCHA` and `CAPTCHA_WHEN`; absent if nobody is ever challenged. */
export interface Challenges {
  readonly verifier: ChallengeVerifier;
  /** `always` asks every stranger; `risk` those whose requests reach the challenge threshold of a limit. */
  readonly when: "risk" | "always";
}
