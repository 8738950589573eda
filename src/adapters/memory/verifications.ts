import { MINUTE_MS } from "../../core/time.ts";
import type { Verification, VerificationStore } from "../../core/verification/ports.ts";
import { isLive } from "../../core/verification/verification.ts";

/** How long an ended verification can still be read. */
const KEPT_MS = 10 * MINUTE_MS;
const MOST_KEPT = 100_000;

export interface MemoryVerificationOptions {
  /** When there are more, the oldest one is dropped: an expired one before a live one. */
  readonly mostKept?: number;
}

/**
 * Verifications of a single process; they end with it. Each method runs synchronously to its end, so calls cannot
 * interleave.
 */
export function createMemoryVerificationStore({
  mostKept = MOST_KEPT,
}: MemoryVerificationOptions = {}): VerificationStore {
  /** In the order of creation, which is nearly that of expiry. */
  const kept = new Map<string, Verification>();

  return {
    async create(verification) {
      if (kept.has(verification.id)) throw new Error("a verification with this id exists");
      makeRoom(kept, mostKept, verification.createdAt);
      kept.set(verification.id, verification);
    },

    find: async (id) => kept.get(id),

    async findHeld(holder, phoneTag, purpose, now) {
      let newest: Verification | undefined;
      for (const candidate of kept.values()) {
        const same = candidate.holder === holder && candidate.phoneTag === phoneTag;
        if (!same || candidate.purpose !== purpose || !isLive(candidate, now)) continue;
        if (!newest || candidate.createdAt >= newest.createdAt) newest = candidate;
      }
      return newest;
    },

    async guess({ id, isRight }, now) {
      const found = kept.get(id);
      if (!found || !isLive(found, now)) return { outcome: "dead" };
      const attemptsUsed = found.attemptsUsed + 1;
      kept.set(id, { ...found, attemptsUsed, ...(isRight && { outcome: "approved", approvedAt: now }) });
      return isRight ? { outcome: "approved", attemptsUsed, messages: found.messages } : { outcome: "wrong" };
    },

    async resent(id, { messages, resendAt, expiresAt }, now) {
      const found = kept.get(id);
      if (!found || !isLive(found, now) || found.messages >= messages) return false;
      kept.set(id, { ...found, messages, resendAt, expiresAt });
      return true;
    },

    async cancel(id) {
      const found = kept.get(id);
      if (found?.outcome === "open") kept.set(id, { ...found, outcome: "canceled" });
    },

    sweep: async (before, limit) => sweep(kept, before, limit),
  };
}

function sweep(kept: Map<string, Verification>, before: number, limit: number): number {
  let swept = 0;
  for (const [id, { expiresAt }] of kept) {
    if (swept >= limit) break;
    if (expiresAt < before && kept.delete(id)) swept++;
  }
  return swept;
}

/** Looks at the oldest two for each new one, so that expired verifications go without a sweep. */
function makeRoom(kept: Map<string, Verification>, mostKept: number, now: number): void {
  let looked = 0;
  for (const [id, { expiresAt }] of kept) {
    if (looked++ >= 2) break;
    if (expiresAt < now - KEPT_MS) kept.delete(id);
  }
  if (kept.size >= mostKept) kept.delete(mostDispensable(kept, now));
}

function mostDispensable(kept: Map<string, Verification>, now: number): string {
  const [oldest = ""] = kept.keys();
  for (const [id, { expiresAt }] of kept) if (expiresAt <= now) return id;
  return oldest;
}
