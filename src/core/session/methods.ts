/**
 * The ways to show who one is, by their names in RFC 8176: a code by SMS, a password, a code of an authenticator app, a
 * passkey. `recovery`, a recovery code, has no name there.
 */
export const METHODS = ["sms", "pwd", "otp", "pop", "recovery"] as const;

export type Method = (typeof METHODS)[number];

/** Methods that show no phone, app or passkey, only knowledge, which others may have as well. */
export const KNOWN: readonly Method[] = ["pwd", "recovery"];

/** How sure it is who somebody is: shown by one factor, or by two that nobody loses together. */
export type Level = 1 | 2;

/** The level that these methods reach together; none is in there twice, and they count beside each other (`secondBeside`). */
export function levelOf(amr: readonly Method[]): Level {
  return amr.length > 1 ? 2 : 1;
}
