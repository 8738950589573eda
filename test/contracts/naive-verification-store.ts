import type { GuessResult, Verification, VerificationStore } from "../../src/core/verification/ports.ts";

/**
 * The control: it reads and then writes, as much published code does. The races of the contract must show that it is wrong;
 * if they do not, they prove nothing.
 */
export function createNaiveVerificationStore(): Pick<VerificationStore, "create" | "guess"> {
  const kept = new Map<string, Verification>();
  const otherProcess = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    create: async (verification) => void kept.set(verification.id, verification),
    async guess({ id, isRight }, now): Promise<GuessResult> {
      const found = kept.get(id);
      await otherProcess();
      if (found?.outcome !== "open" || now >= found.expiresAt) return { outcome: "dead" };
      if (found.attemptsUsed >= found.attemptsAllowed) return { outcome: "dead" };
      await otherProcess();
      const attemptsUsed = found.attemptsUsed + 1;
      kept.set(id, { ...found, attemptsUsed, outcome: isRight ? "approved" : "open" });
      return isRight ? { outcome: "approved", attemptsUsed, messages: found.messages } : { outcome: "wrong" };
    },
  };
}
