import { createAltchaVerifier } from "../adapters/altcha/verifier.ts";
import { HCAPTCHA, TURNSTILE } from "../adapters/siteverify/services.ts";
import { createSiteverifyVerifier } from "../adapters/siteverify/verifier.ts";
import { createTencentCaptchaVerifier } from "../adapters/tencent/captcha.ts";
import { createCommonClient } from "../adapters/tencent/client.ts";
import type { Config } from "../config.ts";
import type { Keyring } from "../core/keys.ts";
import { fine, wrong } from "../core/maintenance/doctor.ts";
import type { Finding } from "../core/maintenance/ports.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { Captcha, ChallengeKind, Challenges, ChallengeVerifier } from "../core/protection/challenges.ts";
import { type RouteParts, tencentAccess } from "./route.ts";

interface Deps extends ServiceDeps {
  readonly keyring: Keyring;
  readonly random: Random;
}

/** What a service that judges is asked with. */
interface ServiceDeps {
  /** Told why a solution could not be judged. */
  readonly report: (kind: ChallengeKind, problem: string) => void;
  /** Where people reach this server. */
  readonly origin: string;
  readonly parts?: RouteParts;
}

type Service = Exclude<ChallengeKind, "altcha">;

/** A person waits for this answer before the message is even sent. */
const DEADLINE_MS = 4_000;

/** What `CAPTCHA` and `CAPTCHA_WHEN` choose; undefined where nobody is challenged. */
export function openChallenges(config: Config, deps: Deps): Challenges | undefined {
  const { kind, when, altchaCost: cost } = config.challenges;
  if (kind === "off" || when === "never") return undefined;
  const verifier = kind === "altcha" ? createAltchaVerifier({ ...deps, cost }) : SERVICES[kind](config, deps);
  return { verifier, when };
}

/** What each service is sent to see whether it answers and takes our keys. */
const NO_SOLUTIONS: Readonly<Record<Service, Captcha>> = {
  tencent: { kind: "tencent", ticket: "doctor", randstr: "doctor" },
  turnstile: { kind: "turnstile", token: "doctor" },
  hcaptcha: { kind: "hcaptcha", token: "doctor" },
};
/** For documentation, and nobody's (RFC 5737). */
const NOBODY = { phoneTag: "", purpose: "doctor", address: "192.0.2.1" };

/** Has the service that judges challenges judge one that nobody solved. */
export async function checkChallenges(
  config: Config,
  origin: string,
  clock: Clock,
): Promise<readonly Finding[]> {
  const name = "challenges";
  const { kind, when } = config.challenges;
  if (kind === "off" || when === "never") return [fine(name, "are off: limits only refuse")];
  if (kind === "altcha") return [fine(name, "are a proof of work, which no service judges")];
  let said = "";
  const report = (_kind: ChallengeKind, problem: string) => {
    said = problem;
  };
  const verifier = SERVICES[kind](config, { origin, report });
  const { status } = await verifier.verify(NO_SOLUTIONS[kind], NOBODY, clock.now());
  if (status !== "unavailable") return [fine(name, `\`${kind}\` answers, and takes our keys`)];
  const todo = "Until this is mended strangers who are challenged get no code. See to its keys.";
  return [wrong(name, `\`${kind}\` cannot be asked: ${said}`, { todo })];
}

const SERVICES: Readonly<Record<Service, (config: Config, deps: ServiceDeps) => ChallengeVerifier>> = {
  tencent(config, deps) {
    const { siteKey: appId, secretKey: appSecret, disasterTickets } = config.challenges.tencent;
    const { endpoint, deadline, report } = asking("tencent", config, deps);
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
  return { ...challenges[kind], ...asking(kind, config, deps), hosts };
}

/** How a captcha service is asked, whichever it is. */
function asking(kind: ChallengeKind, { challenges }: Config, { report }: ServiceDeps) {
  const { endpoint } = challenges;
  return {
    ...(endpoint && { endpoint }),
    deadline: () => AbortSignal.timeout(DEADLINE_MS),
    report: (problem: string) => report(kind, problem),
  };
}
