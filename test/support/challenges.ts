import type {
  Captcha,
  ChallengeKind,
  ChallengeRequest,
  ChallengeVerifier,
  Verdict,
} from "../../src/core/protection/challenges/ports.ts";

/** A verifier that takes `good:<id>` as solved, unless a test sets another answer. */
export function createTestVerifier(kind: ChallengeKind = "turnstile", isThirdParty = true) {
  const judged: { captcha: Captcha; request: ChallengeRequest }[] = [];
  let answer: ((captcha: Captcha) => Verdict) | undefined;
  const verifier: ChallengeVerifier = {
    kind,
    isThirdParty,
    siteKey: "site",
    verify: async (captcha, request) => {
      judged.push({ captcha, request });
      if (captcha.kind !== kind) return { status: "invalid" };
      return answer?.(captcha) ?? verdictOn(captcha);
    },
  };
  return {
    verifier,
    judged,
    /** What it answers from now on; without one it judges by the solution again. */
    answer(next?: Verdict) {
      answer = next && (() => next);
    },
  };
}

function verdictOn(captcha: Captcha): Verdict {
  const text = "token" in captcha ? captcha.token : "payload" in captcha ? captcha.payload : captcha.ticket;
  const [good, id = ""] = text.split(":");
  return good === "good" ? { status: "solved", id, livesMs: 300_000 } : { status: "invalid" };
}

/** A solution that the test verifier takes. */
export function solved(id: string): Captcha {
  return { kind: "turnstile", token: `good:${id}` };
}
