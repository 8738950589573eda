import type { Locale } from "../../locale.ts";
import { maskPhone } from "../../phone.ts";
import type { Clock, Random } from "../../ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import type { SessionStore } from "../../session/ports.ts";
import type { Principal } from "../../session/session.ts";
import type { User } from "../ports.ts";
import { isName, NAME_RULE } from "../profile.ts";
import { MOST_FACTORS } from "./ports.ts";
import type { ProveDeps } from "./prove.ts";

export interface FactorsDeps extends ProveDeps {
  readonly sessions: Pick<SessionStore, "stepUp">;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: ProveDeps["settings"] & { readonly brandName: string };
}

/** Who changes a factor, in which session. */
export interface Actor {
  readonly principal: Principal;
  /** Language of the notice. */
  readonly locale: Locale;
}

/** Refuses one more factor if the user has as many as a user may have. */
export async function refuseFull(
  { factorStore }: FactorsDeps,
  userId: string,
): Promise<Result<void, "too_many_factors">> {
  return (await factorStore.list(userId)).length < MOST_FACTORS ? ok(undefined) : refuse("too_many_factors");
}

/** Refuses a label that is no name, and one more factor if the user has as many as a user may have. */
export async function refuseFactor(
  deps: FactorsDeps,
  userId: string,
  label: string,
): Promise<Result<void, "invalid_request" | "too_many_factors">> {
  if (label !== "" && !isName(label)) return refuse("invalid_request", { field: "label", detail: NAME_RULE });
  return await refuseFull(deps, userId);
}

/** The name of the account that apps and browsers show. They keep it elsewhere, so the number in it is masked. */
export async function accountName(deps: FactorsDeps, user: User): Promise<string> {
  return maskPhone(await deps.vault.open(user.sealedPhone, user.id));
}
