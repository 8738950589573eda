import type { User } from "../account/ports.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result } from "../refusals.ts";
import type { Principal } from "../session/session.ts";
import { requireRecent } from "../session/step-up.ts";
import { type CheckDeps, type CheckInput, type CheckRefusal, checkCode } from "../verification/check.ts";
import type { PhoneVault } from "../verification/ports.ts";
import { purposesGiving } from "../verification/purpose.ts";
import type { AccountStore, By } from "./account-ports.ts";

export interface EraseDeps {
  readonly accounts: AccountStore;
  readonly vault: PhoneVault;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each account that is gone, by its id: a backup that is played back later has to do without it, too. */
  readonly onErased: (userId: string) => void;
}

export interface EraseInput extends Pick<CheckInput, "verificationId" | "code" | "client"> {
  readonly principal: Principal;
}

const WITHIN_MS = 15 * 60_000;

/** Whether the person may go on to erase their account: the code does the rest, but for accounts with login protection. */
export function mayErase(principal: Principal, now: number): Result<void, "step_up_required"> {
  return principal.user.loginProtection
    ? requireRecent(principal, { withinMs: WITHIN_MS }, now)
    : ok(undefined);
}

/** Erases the account of whoever has the code that went to its phone for that. */
export async function eraseOwnAccount(
  deps: EraseDeps & CheckDeps,
  { principal, ...input }: EraseInput,
): Promise<Result<void, CheckRefusal | "step_up_required">> {
  const { user } = principal;
  const may = mayErase(principal, deps.clock.now());
  if (!may.ok) return may;
  const mine = { purposes: purposesGiving("erasure"), phoneTag: user.phoneTag };
  const checked = await checkCode(deps, { ...input, ...mine });
  if (!checked.ok) return checked;
  await eraseAccount(deps, user, "user");
  return ok(undefined);
}

/** Erases an account. False where it is gone already. */
export async function eraseAccount(
  { accounts, vault, clock, random, onErased }: EraseDeps,
  user: Pick<User, "id" | "sealedPhone">,
  by: By,
): Promise<boolean> {
  const at = clock.now();
  // One that lost its number has no tags to look for.
  const tags = user.sealedPhone === "" ? [] : await vault.tags(await vault.open(user.sealedPhone, user.id));
  const erased = await accounts.erase({ userId: user.id, tags, id: random.uuid(at), by, at });
  if (erased) onErased(user.id);
  return erased;
}
