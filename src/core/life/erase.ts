import type { User } from "../account/ports.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { requireRecent, WHOLE_ACCOUNT } from "../session/requirements.ts";
import type { Principal } from "../session/session.ts";
import type { PhoneVault } from "../vault.ts";
import {
  type CheckInput,
  type CheckRefusal,
  type ConvertDeps,
  checkAndConvert,
} from "../verification/check.ts";
import { purposesGiving } from "../verification/purpose.ts";
import type { AccountStore, ErasedAccount } from "./account-ports.ts";

export interface EraseDeps {
  readonly accounts: AccountStore;
  readonly vault: PhoneVault;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Told of each account that is gone, by its id, or that may be, where the database's answer was lost: a backup that is
   * played back later has to do without it, too.
   */
  readonly onErased: (userId: string, outcome: "done" | "unknown") => void;
}

export interface EraseInput extends Pick<CheckInput, "verificationId" | "code" | "client"> {
  readonly principal: Principal;
}

/** Whether the person may erase their account by a code. Accounts with login protection ask for a recent step-up, too. */
export function mayErase(principal: Principal, now: number): Result<void, "step_up_required"> {
  return principal.user.loginProtection ? requireRecent(principal, WHOLE_ACCOUNT, now) : ok(undefined);
}

/**
 * Erases the session's account by a code that went to its phone for that. `invalid_code` also where the account has moved to
 * another number meanwhile, or the session has ended; `step_up_required` as `mayErase` says.
 */
export async function eraseOwnAccount(
  deps: EraseDeps & ConvertDeps,
  { principal, ...input }: EraseInput,
): Promise<Result<void, CheckRefusal | "step_up_required">> {
  const { user, session } = principal;
  const may = mayErase(principal, deps.clock.now());
  if (!may.ok) return may;
  const mine = { purposes: purposesGiving("erasure"), phoneTag: user.phoneTag };
  const checked = await checkAndConvert(deps, { ...input, ...mine });
  if (!checked.ok) return checked;
  const erased = await eraseAccount(deps, user, { by: "user", sessionId: session.id });
  return erased ? ok(undefined) : refuse("invalid_code");
}

/** Erases an account, durably. False where it is gone already, or the session that asks has ended. */
export async function eraseAccount(
  { accounts, vault, clock, random, onErased }: EraseDeps,
  { id: userId, phoneTag, sealedPhone }: Pick<User, "id" | "phoneTag" | "sealedPhone">,
  asked: Pick<ErasedAccount, "by" | "sessionId">,
): Promise<boolean> {
  const at = clock.now();
  // An account that lost its number to somebody else has no tags of it.
  const tags = sealedPhone === "" ? [] : await vault.tags(await vault.open(sealedPhone, userId));
  let mayBeDone = false;
  try {
    const erasure = { userId, tags: [phoneTag, ...tags], id: random.uuid(at), at };
    const erased = await accounts.erase({ ...erasure, ...asked }, () => {
      mayBeDone = true;
    });
    if (erased) onErased(userId, "done");
    return erased;
  } catch (error) {
    if (mayBeDone) onErased(userId, "unknown");
    throw error;
  }
}
