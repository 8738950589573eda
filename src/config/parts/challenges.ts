import type { z } from "zod";
import { CHALLENGE_KINDS, type ChallengeKind } from "../../core/protection/challenges/ports.ts";
import type { Window } from "../../core/protection/limits/ports.ts";
import { origin } from "../formats/addresses.ts";
import { credential, oneOf, wholeNumber } from "../formats/format.ts";
import { boundedLimit } from "../formats/limits.ts";
import { captchaAppId } from "../formats/tencent.ts";
import { optional, required, withDefault } from "../setting.ts";

/** The challenges for strangers: the kind that was chosen, with what it needs. */
export type ChallengesConfig = ChallengeConfig & {
  readonly when: "risk" | "always" | "never";
  /**
   * How many disaster tickets of Tencent's are accepted; if absent, none are. Here whatever the kind, because what was
   * counted of them is kept while another kind is chosen for a time.
   */
  readonly disasterTickets?: readonly Window[];
};

type ChallengeConfig =
  | { readonly kind: "off" }
  | { readonly kind: "altcha"; readonly cost: number }
  | CaptchaConfig;

/** A captcha service of a third party. */
export interface CaptchaConfig {
  readonly kind: CaptchaService;
  /** The public key or id of this installation there. */
  readonly siteKey: string;
  readonly secretKey: string;
  /** An origin to ask instead of the service's own. */
  readonly endpoint?: string;
}

export type CaptchaService = Exclude<ChallengeKind, "altcha">;

const PART = "Challenges";

const keyOf = (kind: string, sentence: string) =>
  optional(credential, `none; \`CAPTCHA=${kind}\` needs it`, { part: PART, sentence });

export const challengeVariables = {
  CAPTCHA: withDefault(oneOf([...CHALLENGE_KINDS, "off"]), "altcha", {
    part: PART,
    sentence:
      "What strangers have to solve when they are challenged. `altcha` is a proof of work that the browser does by itself, without any third party; see [challenges.md](challenges.md). With `off` nobody is challenged and limits only refuse.",
  }),
  CAPTCHA_WHEN: withDefault(oneOf(["risk", "always", "never"]), "risk", {
    part: PART,
    sentence:
      "`risk` challenges strangers who exceed a limit that challenges, such as `LIMIT_ADDRESS_SENDS`; `always` challenges every stranger. Devices that signed in to the number before are never challenged.",
  }),
  ALTCHA_COST: withDefault(wholeNumber(1, 100_000), "2000", {
    part: PART,
    sentence:
      "How hard the proof of work is: iterations of PBKDF2 in each of the 1,000 to 2,000 tries that a browser makes.",
  }),
  TENCENT_CAPTCHA_APP_ID: optional(captchaAppId, "none; `CAPTCHA=tencent` needs it", {
    part: PART,
    sentence: "The CaptchaAppId in the console of Tencent Cloud Captcha.",
  }),
  TENCENT_CAPTCHA_APP_SECRET: keyOf("tencent", "The AppSecretKey beside it."),
  // Anybody can make up such tickets, so they are never accepted without a limit.
  TENCENT_CAPTCHA_DISASTER_TICKETS: optional(boundedLimit, "none are taken", {
    part: PART,
    sentence:
      "How many of the tickets that Tencent's widget makes up while its service is down are taken, of all callers together. Anybody can forge them: leave it empty unless strangers must get in during an outage.",
  }),
  TURNSTILE_SITE_KEY: keyOf("turnstile", "The site key of the Cloudflare Turnstile widget."),
  TURNSTILE_SECRET_KEY: keyOf("turnstile", "The secret key beside it."),
  HCAPTCHA_SITE_KEY: keyOf("hcaptcha", "The site key in the hCaptcha dashboard."),
  HCAPTCHA_SECRET_KEY: keyOf("hcaptcha", "The secret of the hCaptcha account."),
  CAPTCHA_ENDPOINT: optional(origin, "the service's own", {
    part: PART,
    sentence: "The origin at which the captcha service is asked, for tests and private links.",
  }),
};

/** The variables of the public and of the secret key at each service. */
export const CAPTCHA_KEYS = {
  tencent: ["TENCENT_CAPTCHA_APP_ID", "TENCENT_CAPTCHA_APP_SECRET"],
  turnstile: ["TURNSTILE_SITE_KEY", "TURNSTILE_SECRET_KEY"],
  hcaptcha: ["HCAPTCHA_SITE_KEY", "HCAPTCHA_SECRET_KEY"],
} as const satisfies Readonly<Record<CaptchaService, readonly string[]>>;

type Values = z.output<z.ZodObject<typeof challengeVariables>>;

export function arrangeChallenges(values: Values): ChallengesConfig {
  const { TENCENT_CAPTCHA_DISASTER_TICKETS: disasterTickets } = values;
  return { ...challengeOf(values), when: values.CAPTCHA_WHEN, ...(disasterTickets && { disasterTickets }) };
}

function challengeOf(values: Values): ChallengeConfig {
  const { CAPTCHA: kind, CAPTCHA_ENDPOINT: endpoint } = values;
  if (kind === "off") return { kind };
  if (kind === "altcha") return { kind, cost: values.ALTCHA_COST };
  const [siteKey, secretKey] = CAPTCHA_KEYS[kind];
  return {
    kind,
    siteKey: required(values[siteKey]),
    secretKey: required(values[secretKey]),
    ...(endpoint && { endpoint }),
  };
}
