import type { CountryCode, PhonePolicy } from "../phone.ts";
import type { Clock } from "../ports.ts";
import type { ChallengeOffer, ChallengeRequest, Challenges } from "../protection/challenges/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import type { Client } from "./client.ts";
import type { VerificationStore } from "./ports.ts";
import type { Purpose } from "./purpose.ts";
import { phoneAsked, type Self } from "./self.ts";
import { mayUse } from "./verification.ts";

export interface OfferInput {
  /** As a person wrote it; may be left out if it is the user's own. */
  readonly phone?: string | undefined;
  readonly country?: CountryCode | undefined;
  readonly purpose: Purpose;
  readonly client: Client;
  /** The user who shows who they are. */
  readonly self?: Self | undefined;
}

export interface OfferDeps {
  readonly challenges?: Challenges;
  readonly clock: Clock;
  readonly vault: PhoneVault;
  readonly verifications: Pick<VerificationStore, "find">;
  readonly settings: { readonly phones: PhonePolicy };
}

/** What it takes to solve a challenge for a start with this phone and purpose; `not_found` if nobody is challenged. */
export async function offerForStart(
  deps: OfferDeps,
  input: OfferInput,
): Promise<
  Result<
    ChallengeOffer,
    "invalid_request" | "invalid_phone" | "country_not_allowed" | "phone_not_mobile" | "not_found"
  >
> {
  const { challenges, vault } = deps;
  const { purpose, client } = input;
  if (!challenges) return refuse("not_found");
  const wanted = await phoneAsked(deps, input);
  if (!wanted.ok) return wanted;
  const phoneTag = await vault.tag(wanted.value);
  return ok(await offer(deps, challenges, { ...client, phoneTag, purpose }));
}

/**
 * The challenge to solve before a verification sends another message. Refused with `not_found` if nobody is challenged,
 * or if this client may not use the verification.
 */
export async function offerForResend(
  deps: OfferDeps,
  { id, client }: { readonly id: string; readonly client: Client },
): Promise<Result<ChallengeOffer, "not_found">> {
  const verification = deps.challenges && (await deps.verifications.find(id));
  if (!deps.challenges || !verification || !mayUse(verification, client)) return refuse("not_found");
  return ok(await offer(deps, deps.challenges, { ...verification, ...client }));
}

async function offer(
  { clock }: Pick<OfferDeps, "clock">,
  { verifier }: Challenges,
  request: ChallengeRequest,
): Promise<ChallengeOffer> {
  const { kind, siteKey } = verifier;
  const puzzle = await verifier.puzzle?.(request, clock.now());
  return { kind, ...(siteKey && { siteKey }), ...(puzzle && { puzzle }) };
}
