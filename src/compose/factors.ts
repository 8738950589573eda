import { createTotp } from "../adapters/otpauth/totp.ts";
import { createPasskeys } from "../adapters/simplewebauthn/passkeys.ts";
import type { Random } from "../core/ports.ts";

/** The arithmetic of authenticator apps and passkeys. */
export function factorParts(deps: { readonly random: Random }) {
  return { totp: createTotp(deps), passkeys: createPasskeys() };
}
