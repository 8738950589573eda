import type { Phone } from "../phone.ts";
import { type ChallengeRefusal, judgeChallenge } from "../protection/challenges/judge.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { isAllowed } from "../protection/guard/allow.ts";
import type { LimitCaller } from "../protection/limits/send-limit.ts";
import { ok, type Result } from "../refusals.ts";
import type { Client } from "./client.ts";
import type { VerificationDeps } from "./deps.ts";
import type { Purpose } from "./purpose.ts";

/** Who asks for a message to this phone, before the challenge is judged that they may have solved. */
export interface UnjudgedCaller extends Omit<LimitCaller, "standing" | "isTrusted"> {
  readonly client: Client;
  /** The solution of a challenge. */
  readonly captcha: Captcha | undefined;
  readonly phone: Phone;
  readonly purpose: Purpose;
}

/**
 * Who asks for a message, as limits see it. Refused if a stranger has to solve a challenge first.
 *
 * @param options.isNew as in `judgeChallenge`
 */
export async function judgeCaller(
  deps: VerificationDeps,
  { client, captcha, phone, purpose, phoneTag, bucket, holder, traffic, backend }: UnjudgedCaller,
  options: { readonly isNew: boolean },
): Promise<Result<LimitCaller, ChallengeRefusal>> {
  const challenged = { bucket, phoneTag, purpose, ...client, ...traffic };
  const judged = await judgeChallenge(deps, challenged, captcha, options);
  if (!judged.ok) return judged;
  const isTrusted = isAllowed(deps.settings.guard.allow, { phone, ...client, ...traffic });
  return ok({ phoneTag, bucket, holder, traffic, standing: judged.value, isTrusted, backend });
}
