import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { CaptchaService } from "../../config/parts/challenges.ts";
import type { Config } from "../../config.ts";
import { doubtful, fine, wrong } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";
import type { Captcha } from "../../core/protection/challenges/ports.ts";
import { openCaptcha } from "../challenges.ts";

const NAME = "captcha";
/** An address of nobody (RFC 5737): Tencent Captcha requires one. */
const REQUEST = { phoneTag: "", purpose: "sign_in", address: "192.0.2.1" } as const;

const SEE_TO: Readonly<Record<CaptchaService, string>> = {
  tencent:
    "Check TENCENT_CAPTCHA_APP_ID, TENCENT_CAPTCHA_APP_SECRET, the API key and its right captcha:DescribeCaptchaResult, and the network.",
  turnstile: "Check TURNSTILE_SECRET_KEY and the network.",
  hcaptcha: "Check HCAPTCHA_SITE_KEY, HCAPTCHA_SECRET_KEY and the network.",
};

/** Whether the captcha service answers and accepts our keys. It is shown a solution that nobody made. */
export async function checkCaptcha(config: Config): Promise<readonly Finding[]> {
  const { challenges } = config;
  if (challenges.kind === "off" || challenges.kind === "altcha" || challenges.when === "never") return [];
  const { kind } = challenges;
  const problems: string[] = [];
  const report = (problem: string) => problems.push(problem);
  const verifier = openCaptcha(challenges, config, { origin: "http://localhost", report });
  const { status } = await verifier.verify(madeUp(kind), REQUEST, systemClock.now());
  if (status === "invalid") return [fine(NAME, `\`${kind}\` answers and takes the keys`)];
  if (status === "solved") return [doubtful(NAME, `\`${kind}\` takes any solution: its keys are for tests`)];
  const says = `\`${kind}\` judges nothing, so strangers who are challenged get no message: ${problems.join(", ")}`;
  return [wrong(NAME, says, { todo: SEE_TO[kind] })];
}

function madeUp(kind: CaptchaService): Captcha {
  const token = `doctor-${Buffer.from(systemRandom.bytes(12)).toString("hex")}`;
  return kind === "tencent" ? { kind, ticket: token, randstr: "@doctor" } : { kind, token };
}
