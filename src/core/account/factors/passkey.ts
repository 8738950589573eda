import type { Clock, Random } from "../../ports.ts";
import { type CountDeps, countOn } from "../../protection/limits/count-event.ts";
import type { Bucket, LimitStore } from "../../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { MINUTE_MS } from "../../time.ts";
import type { User } from "../ports.ts";
import type { PasskeyEvidence } from "./evidence.ts";
import type { FactorStore, PasskeyFactor, PasskeyOptions, PasskeySite, Passkeys } from "./ports.ts";

/** How long a browser may take to answer. */
const ANSWER_MS = 5 * MINUTE_MS;
/**
 * How many options may be made for a user within `ANSWER_MS`, for known devices and for strangers each. This bounds
 * what is kept. A stranger who has only the first factor takes none from the user's own devices.
 */
const MOST_ASKED = 30;

export interface AskDeps {
  readonly factorStore: Pick<FactorStore, "list" | "challenge">;
  readonly limits: Pick<LimitStore, "take">;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
  readonly random: Random;
}

export interface PasskeyDeps {
  readonly factorStore: Pick<FactorStore, "list" | "answer" | "usePasskey">;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}

export interface PasskeyAsk {
  readonly user: User;
  /** The session or the sign-in that it is for. */
  readonly boundTo: string;
  readonly site: PasskeySite;
}

/** The options by which a browser signs with one of the user's passkeys; `not_found` if there is none. */
export async function askForPasskey(
  deps: AskDeps,
  { user, boundTo, site, bucket }: PasskeyAsk & { readonly bucket: Bucket },
): Promise<Result<PasskeyOptions["options"], "not_found" | "too_many_requests">> {
  const known = await passkeysOf(deps, user.id);
  if (known.length === 0) return refuse("not_found");
  const counted = await countAsk(deps, user.id, bucket);
  if (!counted.ok) return counted;
  const { challenge, options } = await deps.passkeys.requestOptions(site, known);
  await keepChallenge(deps, { challenge, userId: user.id, boundTo });
  return ok(options);
}

/** Counts a request for options. A refused request leaves nothing in the store. */
export async function countAsk(
  deps: CountDeps,
  userId: string,
  bucket: Bucket,
): Promise<Result<void, "too_many_requests">> {
  const windows = [{ max: MOST_ASKED, windowMs: ANSWER_MS }];
  return await countOn(deps, [
    { name: "passkey_options", key: `passkey-options:${bucket}:${userId}`, windows },
  ]);
}

/** Keeps what a browser was asked to sign, for as long as the browser may take to answer. */
export async function keepChallenge(
  { factorStore, clock }: Pick<AskDeps, "factorStore" | "clock">,
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
 * Checks what a passkey signed. Its challenge is used up first, whatever the result: it was made for this user and
 * sign-in, and is good once.
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
  const known = await findPasskey(deps, user, answer);
  const counter = known && (await deps.passkeys.readAssertion(site, answer, challenge, known));
  if (!known || counter === undefined) return refuse("invalid_code");
  return (await deps.factorStore.usePasskey(known.id, counter, now)) ? ok(undefined) : refuse("invalid_code");
}

/** Whether one of the user's passkeys made this answer, whatever its challenge, used or unused. */
export async function isSigned(
  deps: Pick<PasskeyDeps, "factorStore" | "passkeys">,
  { user, site }: Omit<PasskeyAsk, "boundTo">,
  { answer }: PasskeyEvidence,
): Promise<boolean> {
  const challenge = deps.passkeys.challengeOf(answer);
  const known = await findPasskey(deps, user, answer);
  if (challenge === undefined || !known) return false;
  // The counter of a used answer is no larger than the one that is kept, so it is compared with 0.
  const signed = await deps.passkeys.readAssertion(site, answer, challenge, { ...known, counter: 0 });
  return signed !== undefined;
}

async function findPasskey(
  deps: Pick<PasskeyDeps, "factorStore">,
  user: User,
  answer: PasskeyEvidence["answer"],
): Promise<PasskeyFactor | undefined> {
  return (await passkeysOf(deps, user.id)).find(({ credentialId }) => credentialId === answer.id);
}
