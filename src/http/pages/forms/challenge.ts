import type { Context } from "hono";
import type { ChallengeKind, ChallengeOffer } from "../../../core/protection/challenges/ports.ts";
import type { RefusalCode, Result } from "../../../core/refusals.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { readCookie } from "../cookies.ts";
import type { PageChallenge } from "../views/challenge.tsx";
import type { Fields } from "./forms.ts";

/**
 * The challenge that a refused form has to solve. The page sends the form again once it is solved, but only if the form
 * contained no solution yet: pages that cause each other to be sent must come to an end.
 */
export function demanded(
  offer: Result<ChallengeOffer, RefusalCode>,
  fields: Fields,
): PageChallenge | undefined {
  return offer.ok ? { offer: offer.value, goesOn: !fields.get("captcha") } : undefined;
}

/** The challenge of a form that signs nobody in. A known device does not help there. */
export function demandedOfAll(
  offer: Result<ChallengeOffer, RefusalCode>,
  fields: Fields,
): PageChallenge | undefined {
  const challenge = demanded(offer, fields);
  return challenge && { ...challenge, sparesDevices: false };
}

/**
 * The challenge that a form has from the beginning: one of a third party, if every stranger is asked. A proof of work
 * has to know the phone, so it cannot be offered yet. A browser that has signed in before may be no stranger, and is
 * not asked in advance.
 */
export function inAdvance(c: Context<Env>, { phonekey, settings }: HttpDeps): PageChallenge | undefined {
  const { always } = phonekey.challenges;
  if (!always?.siteKey || readCookie(c, settings, "device")) return undefined;
  return { offer: { kind: always.kind, siteKey: always.siteKey }, goesOn: false };
}

/** The origins whose script and frames a page with this challenge needs, by the services' documents. */
const SOURCES: Readonly<Record<ChallengeKind, readonly string[]>> = {
  altcha: [],
  tencent: ["https://turing.captcha.qcloud.com", "https://turing.captcha.gtimg.com"],
  turnstile: ["https://challenges.cloudflare.com"],
  hcaptcha: ["https://hcaptcha.com", "https://*.hcaptcha.com"],
};

export function sourcesOf(challenge: PageChallenge | undefined): readonly string[] {
  return challenge ? SOURCES[challenge.offer.kind] : [];
}
