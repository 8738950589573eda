import { createAltchaVerifier } from "../adapters/altcha/verifier.ts";
import { HCAPTCHA, type Service, TURNSTILE } from "../adapters/siteverify/services.ts";
import { createSiteverifyVerifier } from "../adapters/siteverify/verifier.ts";
import { createTencentCaptchaVerifier } from "../adapters/tencent/captcha.ts";
import { createCommonClient } from "../adapters/tencent/client.ts";
import type { CaptchaConfig } from "../config/parts/challenges.ts";
import type { Config } from "../config.ts";
import type { Keyring } from "../core/keys.ts";
import type { Random } from "../core/ports.ts";
import type { Challenges, ChallengeVerifier } from "../core/protection/challenges/ports.ts";
import type { Log } from "../http/context.ts";
import type { Platform } from "./platform.ts";
import { tencentAccess } from "./route.ts";

interface CaptchaDeps {
  /** Where people reach this server. */
  readonly origin: string;
  readonly platform?: Platform;
  /** Told why a solution could not be judged, in our own words. */
  readonly report: (problem: string) => void;
}

interface Deps extends Omit<CaptchaDeps, "report"> {
  readonly keyring: Keyring;
  readonly random: Random;
  readonly log: Log;
}

/** A person waits for this answer before the message is even sent. */
const DEADLINE_MS = 4_000;

/** The challenges that `CAPTCHA` and `CAPTCHA_WHEN` choose; undefined if nobody is challenged. */
export function openChallenges(config: Config, deps: Deps): Challenges | undefined {
  const { challenges } = config;
  const { kind, when } = challenges;
  if (challenges.kind === "off" || when === "never") return undefined;
  if (challenges.kind === "altcha")
    return { verifier: createAltchaVerifier({ ...deps, cost: challenges.cost }), when };
  const report = (problem: string) => deps.log.warn({ kind, problem }, "a challenge could not be judged");
  return { verifier: openCaptcha(challenges, config, { ...deps, report }), when };
}

/** What asks a third party's captcha service. */
export function openCaptcha(captcha: CaptchaConfig, config: Config, deps: CaptchaDeps): ChallengeVerifier {
  switch (captcha.kind) {
    case "tencent":
      return openTencentCaptcha(captcha, config, deps);
    case "turnstile":
      return openSiteverify(TURNSTILE, captcha, config, deps);
    case "hcaptcha":
      return openSiteverify(HCAPTCHA, captcha, config, deps);
  }
}

const deadline = () => AbortSignal.timeout(DEADLINE_MS);

function openTencentCaptcha(
  { siteKey: appId, secretKey: appSecret, endpoint }: CaptchaConfig,
  { tencent, challenges }: Config,
  { platform, report }: CaptchaDeps,
): ChallengeVerifier {
  const { region, credential } = tencentAccess(tencent, platform);
  const access = { region, credential, ...(endpoint && { endpoint }) };
  const client = createCommonClient("captcha.tencentcloudapi.com", "2019-07-22", access);
  const { disasterTickets } = challenges;
  const settings = { appId, appSecret, ...(disasterTickets && { disasterTickets }) };
  return createTencentCaptchaVerifier({ client, ...settings, deadline, report });
}

function openSiteverify(
  service: Service,
  captcha: CaptchaConfig,
  { server }: Config,
  { origin, report }: CaptchaDeps,
): ChallengeVerifier {
  const hosts = [origin, ...server.allowedOrigins].map((one) => new URL(one).hostname);
  return createSiteverifyVerifier(service, { ...captcha, hosts, deadline, report });
}
