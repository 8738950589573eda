import { afterEach } from "vitest";
import { createJitter, createRules, type Rules, type RulesOptions, withPauses, wrongCode } from "../rules.ts";

/** Opens the rules for a test, and closes them after it. */
export function useRules() {
  let rules: Rules | undefined;
  const close = async () => {
    await rules?.close();
    rules = undefined;
  };
  const open = async (options: RulesOptions) => {
    await close();
    rules = await createRules(options);
    return rules;
  };
  afterEach(close);
  return open;
}

/** Every call of a store gives way to others before and after it. */
export function pausing(seed: number): NonNullable<RulesOptions["wrap"]> {
  const pause = createJitter(seed);
  return (stores) => ({
    verifications: withPauses(stores.verifications, pause),
    limits: withPauses(stores.limits, pause),
    ledger: withPauses(stores.ledger, pause),
  });
}

/** All guesses of a verification, wrong. */
export async function spend(world: Rules, { id, code }: { id: string; code: string }): Promise<void> {
  for (let n = 0; n < 5; n++) await world.guess(id, wrongCode(code));
}
