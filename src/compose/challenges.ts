import { createAltchaVerifier } from "../adapters/altcha/verifier.ts";
import { HCAPTCHA, TURNSTILE } from "../adapters/siteverify/services.ts";
import { createSiteverifyVerifier } from "../adapters/siteverify/verifier.ts";
import { createTencentCaptchaVerifier } from "../adapters/tencent/captcha.ts";
import { createCommonClient } from "../adapters/tencent/client.ts";
import type { Config } from "../config.ts";
import type { Keyring } from "../core/keys.ts";
import type { Random } from "../core/ports.ts";
import type { ChallengeKind, Challenges, ChallengeVerifier } from "../core/protection/challenges/ports.ts";
import type { Log } from "../http/context.ts";
import { type RouteParts, tencentAccess } from "./route.ts";

interface Deps extends Omit<ServiceDeps, "report"> {
  readonly keyring: Keyring;
  readonly random: Random;
  readonly log: Log;
}

interface ServiceDeps {
  /** Where people reach this server. */
  readonly origin: string;
  readonly parts?: RouteParts;
  /** Told why a solution could not be judged, in our own words. */
  readonly report: (problem: string) => void;
}

export type CaptchaService = Exclude<ChallengeKind, "altcha">;

/** A person waits for this answer before the message is even sent. */
const DEADLINE_MS = 4_000;

/** The challenges that `CAPTCHA` and `CAPTCHA_WHEN` choose; undefined if nobody is challenged. */
export function openChallenges(config: Config, deps: Deps): Challenges | undefined {
  const { kind, when } = config.challenges;
  if (kind === "off" || when === "never") return undefined;
  if (kind === "altcha") {
    return { verifier: createAltchaVerifier({ ...deps, cost: config.challenges.altchaCost }), when };
  }
  const report = (problem: string) => deps.log.warn({ kind, problem }, "a challenge could not be judged");
  return { verifier: openCaptcha(kind, config, { ...deps, report }), when };
}

/** What asks a third party's captcha service. */
export function openCaptcha(kind: CaptchaService, config: Config, deps: ServiceDeps): ChallengeVerifier {
  return SERVICES[kind](config, deps);
}

const SERVICES: Readonly<Record<CaptchaService, (config: Config, deps: ServiceDeps) => ChallengeVerifier>> = {
  tencent(config, deps) {
    const { siteKey: appId, secretKey: appSecret, disasterTickets } = config.challenges.tencent;
    const { endpoint, deadline, report } = asking(config, deps);
    const { region, credential } = tencentAccess(config.tencent, deps.parts);
    const access = { region, credential, ...(endpoint && { endpoint }) };
    const client = createCommonClient("captcha.tencentcloudapi.com", "2019-07-22", access);
    const settings = { appId, appSecret, ...(disasterTickets && { disasterTickets }) };
    return createTencentCaptchaVerifier({ client, ...settings, deadline, report });
  },
  turnstile: (config, deps) => createSiteverifyVerifier(TURNSTILE, siteverifyDeps("turnstile", config, deps)),
  hcaptcha: (config, deps) => createSiteverifyVerifier(HCAPTCHA, siteverifyDeps("hcaptcha", config, deps)),
};

function siteverifyDeps(kind: "turnstile" | "hcaptcha", config: Config, deps: ServiceDeps) {
  const { challenges, server } = config;
  const hosts = [deps.origin, ...server.allowedOrigins].map((origin) => new URL(origin).hostname);
  return { ...challenges[kind], ...asking(config, deps), hosts };
}

/** How a captcha service is asked, whichever it is. */
function asking({ challenges }: Config, { report }: ServiceDeps) {
  const { endpoint } = challenges;
  return {
    ...(endpoint && { endpoint }),
    deadline: () => AbortSignal.timeout(DEADLINE_MS),
    report,
  };
}
