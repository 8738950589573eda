/** A code never lives longer than this after its start, resends included (NIST SP 800-63B-4, 3.1.3.2; promise 8). */
export const MAX_LIFE_MS = 600_000;

/** A last guess may still be on its way to the ledger for so long, or a clock ahead. */
export const LATE_MS = 30_000;

/** How long guesses stay set aside. */
export const LEASE_MS = MAX_LIFE_MS + LATE_MS;

/** What the limits count a verification's n-th message under, n from 1. */
export function messageMember(verificationId: string, n: number): string {
  return `${verificationId}.${n}`;
}

/** What its guesses are set aside under: they are taken together with its first message. */
export function leaseMember(verificationId: string): string {
  return messageMember(verificationId, 1);
}
