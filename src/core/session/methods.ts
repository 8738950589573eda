/**
 * The ways to show who one is, by their names in RFC 8176: a code by SMS, a password, a code of an authenticator app, a
 * passkey. `recovery`, a recovery code, has no name there.
 */
export const METHODS = ["sms", "pwd", "otp", "pop", "recovery"] as const;

export type Method = (typeof METHODS)[number];

/** They show that nothing is at hand, no phone, app or passkey: what is only known may be known to others. */
export const KNOWN: readonly Method[] = ["pwd", "recovery"];

/** How sure it is who somebody is: by one factor, or by two that no thief gets at one stroke. */
export type Level = 1 | 2;

/** @param amr methods that count beside each other; none is in there twice */
export function levelOf(amr: readonly Method[]): Level {
  return amr.length > 1 ? 2 : 1;
}
