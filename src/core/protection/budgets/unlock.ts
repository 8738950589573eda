import type { Phone } from "../../phone.ts";
import type { Clock, Random } from "../../ports.ts";
import type { PhoneVault, TextVault } from "../../vault.ts";
import { type CodeLengths, LEDGER_READ_MS, spentOf, unlockableAt, unlockMark } from "./ledger.ts";
import type { Ledger, Unlock, UnlockStore } from "./ports.ts";

export interface UnlockDeps {
  readonly ledger: Pick<Ledger, "read">;
  readonly unlocks: Pick<UnlockStore, "add">;
  readonly vault: PhoneVault & Pick<TextVault, "sealText">;
  readonly clock: Clock;
  readonly random: Random;
  readonly codeLengths: CodeLengths;
}

export type Unlocked =
  | { readonly status: "unlocked" }
  /** Strangers have guesses left: there is nothing to unlock. */
  | { readonly status: "not_spent" }
  | { readonly status: "too_soon"; readonly retryAt: number };

/**
 * Gives strangers three more guesses at the codes of a phone whose ledger they have spent. It resets nothing: the wrong
 * guesses stay in the ledger.
 *
 * @param reason the operator's reason, for the audit trail
 */
export async function unlockPhone(deps: UnlockDeps, phone: Phone, reason: string): Promise<Unlocked> {
  const { ledger, unlocks, vault, clock, random } = deps;
  const at = clock.now();
  const tags = await vault.tags(phone);
  const since = at - LEDGER_READ_MS;
  const { isSpent } = spentOf(await ledger.read(tags, "stranger", since), deps.codeLengths, at);
  if (!isSpent) return { status: "not_spent" };
  const id = random.uuid(at);
  const unlock: Unlock = {
    id,
    phoneTag: await vault.tag(phone),
    sealedPhone: await vault.seal(phone, id),
    sealedReason: await vault.sealText(reason, id),
    at,
  };
  const added = await unlocks.add(unlock, { mark: unlockMark(at), tags, since, unlockableAt });
  return added.ok ? { status: "unlocked" } : { status: "too_soon", retryAt: added.retryAt };
}
