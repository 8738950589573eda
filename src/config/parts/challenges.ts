import type { z } from "zod";
import { CHALLENGE_KINDS, type ChallengeKind } from "../../core/protection/challenges/ports.ts";
import type { Window } from "../../core/protection/limits/ports.ts";
import { origin } from "../formats/addresses.ts";
import { credential, oneOf, wholeNumber } from "../formats/format.ts";
import { boundedLimit } from "../formats/limits.ts";
import { captchaAppId } from "../formats/tencent.ts";
import { optional, withDefault } from "../setting.ts";

/** The challenges for strangers. The settings that a kind needs are present if it is chosen. */
export interface ChallengesConfig {
  readonly kind: ChallengeKind | "off";
  readonly when: "risk" | "always" | "never";
  readonly altchaCost: number;
  readonly tencent: SiteKeys & {
    /** How many disaster tickets are accepted; if absent, none are. */
    readonly disasterTickets?: readonly Window[];
  };
  readonly turnstile: SiteKeys;
  readonly hcaptcha: SiteKeys;
  /** An origin to ask instead of the service's own. */
  readonly endpoint?: string;
}

/** The public and the secret key of this installation at a captcha service. */
export interface SiteKeys {
  readonly siteKey: string;
  readonly secretKey: string;
}

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

type Values = z.output<z.ZodObject<typeof challengeVariables>>;

export function arrangeChallenges(values: Values): ChallengesConfig {
  const { TENCENT_CAPTCHA_DISASTER_TICKETS: disasterTickets, CAPTCHA_ENDPOINT: endpoint } = values;
  return {
    kind: values.CAPTCHA,
    when: values.CAPTCHA_WHEN,
    altchaCost: values.ALTCHA_COST,
    tencent: {
      ...keysOf(values.TENCENT_CAPTCHA_APP_ID, values.TENCENT_CAPTCHA_APP_SECRET),
      ...(disasterTickets && { disasterTickets }),
    },
    turnstile: keysOf(values.TURNSTILE_SITE_KEY, values.TURNSTILE_SECRET_KEY),
    hcaptcha: keysOf(values.HCAPTCHA_SITE_KEY, values.HCAPTCHA_SECRET_KEY),
    ...(endpoint && { endpoint }),
  };
}

function keysOf(siteKey = "", secretKey = ""): SiteKeys {
  return { siteKey, secretKey };
}
