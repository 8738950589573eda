import type { Phone } from "../phone.ts";
import type { PhoneVault } from "../vault.ts";
import type { InvitationStore } from "./invitation-ports.ts";

/** `SIGN_UP`: who gets an account at the first sign-in. */
export type SignUp = "open" | "invited" | "closed";

export interface SignUpDeps {
  readonly invitations: Pick<InvitationStore, "has">;
  readonly vault: Pick<PhoneVault, "tags">;
  readonly settings: { readonly signUp: SignUp };
}

/**
 * Whether a phone that has no user yet may get one. It is asked only after the right code, so that nobody learns it
 * before.
 */
export async function maySignUp(
  { invitations, vault, settings }: SignUpDeps,
  phone: Phone,
): Promise<boolean> {
  if (settings.signUp !== "invited") return settings.signUp === "open";
  return await invitations.has(await vault.tags(phone));
}
