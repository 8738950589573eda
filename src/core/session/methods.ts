/**
 * The ways to show who one is, by their names in RFC 8176: a code by SMS, a password, a code of an authenticator app, a
 * passkey. A recovery code has no name there; it is `recovery` here.
 */
export const METHODS = ["sms", "pwd", "otp", "pop", "recovery"] as const;

export type Method = (typeof METHODS)[number];

/** Methods that show only knowledge, which others may have as well, and no phone, app or passkey. */
export const KNOWN: readonly Method[] = ["pwd", "recovery"];

/** How sure it is who somebody is: 1 after one factor, 2 after two factors that nobody loses together. */
export type Level = 1 | 2;

/**
 * The level that these methods reach together. Each method is listed once, and all count beside each other
 * (`secondBeside`).
 */
export function levelOf(amr: readonly Method[]): Level {
  return amr.length > 1 ? 2 : 1;
}
