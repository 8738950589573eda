import { mayUse } from "../../verification/verification.ts";
import { isAppCode } from "./app.ts";
import { isSigned } from "./passkey.ts";
import type { ProveDeps } from "./prove.ts";
import { isUsedRecoveryCode } from "./recovery.ts";
import type { StepUpInput } from "./step-up.ts";

/**
 * Whether a factor that was refused as used up is right all the same, as when a form is sent twice. To be asked after
 * `stepUp`, which counts guesses. Passwords are not used up.
 */
export async function wasShown(
  deps: ProveDeps,
  { principal: { user }, evidence, client, site }: StepUpInput,
): Promise<boolean> {
  if (evidence.by === "sms") {
    const found = await deps.verifications.find(evidence.verificationId);
    return found?.outcome === "approved" && found.phoneTag === user.phoneTag && mayUse(found, client);
  }
  if (evidence.by === "otp") return await isAppCode(deps, user, evidence);
  if (evidence.by === "pop") return await isSigned(deps, { user, site }, evidence);
  return evidence.by === "recovery" && (await isUsedRecoveryCode(deps, user, evidence));
}
