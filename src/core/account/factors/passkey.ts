import type { Clock } from "../../ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import type { User } from "../ports.ts";
import type { PasskeyEvidence } from "./evidence.ts";
import type { FactorStore, PasskeyFactor, PasskeyOptions, PasskeySite, Passkeys } from "./ports.ts";

/** How long a browser may take to answer. */
const ANSWER_MS = 300_000;

export interface PasskeyDeps {
  readonly factorStore: Pick<FactorStore, "list" | "challenge" | "answer" | "usePasskey">;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}

export interface PasskeyAsk {
  readonly user: User;
  /** The session or the sign-in that it is for. */
  readonly boundTo: string;
  readonly site: PasskeySite;
}

/** What a browser is to sign with one of the user's passkeys; `not_found` where there is none. */
export async function askForPasskey(
  deps: PasskeyDeps,
  { user, boundTo, site }: PasskeyAsk,
): Promise<Result<PasskeyOptions["options"], "not_found">> {
  const known = await passkeysOf(deps, user.id);
  if (known.length === 0) return refuse("not_found");
  const { challenge, options } = await deps.passkeys.requestOptions(site, known);
  await keepChallenge(deps, { challenge, userId: user.id, boundTo });
  return ok(options);
}

export async function keepChallenge(
  { factorStore, clock }: Pick<PasskeyDeps, "factorStore" | "clock">,
  challenge: { readonly challenge: string; readonly userId: string; readonly boundTo: string },
): Promise<void> {
  const now = clock.now();
  await factorStore.challenge({ ...challenge, expiresAt: now + ANSWER_MS }, now);
}

export async function passkeysOf(
  { factorStore }: { readonly factorStore: Pick<FactorStore, "list"> },
  userId: string,
): Promise<readonly PasskeyFactor[]> {
  const factors = await factorStore.list(userId);
  return factors.filter((factor) => factor.kind === "passkey");
}

/**
 * Looks at what a passkey signed. Its challenge is used up first: it was made for this very user and sign-in, and is good
 * once, whatever comes of it.
 */
export async function checkPasskey(
  deps: PasskeyDeps,
  { user, boundTo, site }: PasskeyAsk,
  { answer }: PasskeyEvidence,
): Promise<Result<void, "invalid_code">> {
  const now = deps.clock.now();
  const challenge = deps.passkeys.challengeOf(answer);
  if (challenge === undefined) return refuse("invalid_code");
  if (!(await deps.factorStore.answer({ challenge, userId: user.id, boundTo }, now))) {
    return refuse("invalid_code");
  }
  const known = (await passkeysOf(deps, user.id)).find(({ credentialId }) => credentialId === answer.id);
  const counter = known && (await deps.passkeys.readAssertion(site, answer, challenge, known));
  if (!known || counter === undefined) return refuse("invalid_code");
  return (await deps.factorStore.usePasskey(known.id, counter, now)) ? ok(undefined) : refuse("invalid_code");
}
