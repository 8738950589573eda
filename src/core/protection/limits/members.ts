import { MINUTE_MS } from "../../time.ts";

/** A code never lives longer than this after its start, resends included (NIST SP 800-63B-4, 3.1.3.2; promise 8). */
export const MAX_LIFE_MS = 10 * MINUTE_MS;

/**
 * Leases outlast codes by this: the last wrong guess may still be on its way to the ledger, or a clock may be ahead.
 */
export const LATE_MS = 30_000;

/** How long guesses stay set aside. */
export const LEASE_MS = MAX_LIFE_MS + LATE_MS;

/** The member under which limits count a verification's n-th message, n from 1. */
export function messageMember(verificationId: string, n: number): string {
  return `${verificationId}.${n}`;
}

/** The member under which its guesses are set aside: that of its first message, since the same take counts both. */
export function leaseMember(verificationId: string): string {
  return messageMember(verificationId, 1);
}
