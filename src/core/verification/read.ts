import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { Client } from "./client.ts";
import type { PhoneVault, VerificationStore } from "./ports.ts";
import { mayUse } from "./resend.ts";
import { type VerificationView, viewOf } from "./verification.ts";

/** A verification as it is now, for whoever holds its id (and its browser, if it was started at the pages). */
export async function readVerification(
  deps: { readonly verifications: VerificationStore; readonly vault: PhoneVault; readonly clock: Clock },
  input: { readonly id: string; readonly client: Client },
): Promise<Result<VerificationView, "not_found">> {
  const verification = await deps.verifications.find(input.id);
  if (!verification || !mayUse(verification, input.client)) return refuse("not_found");
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  return ok(viewOf(verification, phone, deps.clock.now()));
}
