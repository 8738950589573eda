import type { PasswordLedger } from "../../src/core/password/ports.ts";

/**
 * The control: it compares first and counts afterwards, or counts what it read a while ago, as much published code does.
 * The race of the contract must show that it is wrong.
 */
export function createNaivePasswordLedger(): PasswordLedger {
  const kept = new Map<string, { readonly tag: string; readonly at: number }>();
  const otherProcess = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    async attempt({ id, tags: [tag], at }, since, judge) {
      const earlier = [...kept.values()].filter((one) => one.tag === tag && one.at > since);
      await otherProcess();
      const verdict = judge(earlier.map((one) => one.at));
      if (verdict.ok) kept.set(id, { tag, at });
      return verdict;
    },
    takeBack: async (id) => void kept.delete(id),
  };
}
