import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { TokenClaims, Tokens } from "../session/ports.ts";
import { MINUTE_MS } from "../time.ts";
import { transactionDigest } from "../transaction.ts";
import { readAsk } from "../verification/ask.ts";
import {
  type CheckInput,
  type CheckRefusal,
  type ConvertDeps,
  checkAndConvert,
} from "../verification/check.ts";
import type { Client } from "../verification/client.ts";
import type { Verification } from "../verification/ports.ts";
import { type Purpose, purposesGiving, ruleOf } from "../verification/purpose.ts";
import { mayUse, type VerificationView, viewOf } from "../verification/verification.ts";
import type { Backend } from "./api-key.ts";
import type { ProofStore } from "./ports.ts";

/** How long a backend has to redeem a proof, from the moment when the code was entered. */
const PROOF_MS = 5 * MINUTE_MS;

export interface ProofDeps extends ConvertDeps {
  readonly tokens: Tokens;
}

/** Checks one guess at a code that a backend asked for; the right one gives a proof, for that backend alone. */
export async function checkForProof(
  deps: ProofDeps,
  input: Omit<CheckInput, "purposes">,
): Promise<Result<string, CheckRefusal>> {
  const checked = await checkAndConvert(deps, { ...input, purposes: purposesGiving("proof") });
  if (!checked.ok) return checked;
  return ok(await issueProof(deps, checked.value.verification, deps.clock.now()));
}

export interface AskedView extends VerificationView {
  /** The proof, for the backend that asked and as long as it can be redeemed. */
  readonly proof?: string;
}

export interface ReadInput {
  readonly id: string;
  readonly client: Client;
  /** The backend that shows its API key. */
  readonly backend?: Backend | undefined;
}

/**
 * A verification as it is now: for whoever holds its id (and its browser, if it was started at the pages), and with its
 * proof for the backend that asked for it. To another backend it is not there.
 */
export async function readVerification(
  deps: Omit<ProofDeps, "messages">,
  { id, client, backend }: ReadInput,
): Promise<Result<AskedView, "not_found">> {
  const verification = await deps.verifications.find(id);
  if (!verification || !mayUse(verification, client)) return refuse("not_found");
  if (backend && verification.asked?.client !== backend.client) return refuse("not_found");
  const now = deps.clock.now();
  const phone = await deps.vault.open(verification.sealedPhone, id);
  const view = viewOf(verification, phone, now);
  const { approvedAt, purpose } = verification;
  const isProven = backend?.purposes.includes(purpose) && ruleOf(purpose).gives === "proof";
  if (!isProven || approvedAt === undefined || now >= approvedAt + PROOF_MS) return ok(view);
  return ok({ ...view, proof: await issueProof(deps, verification, approvedAt) });
}

/** Its `jti` is the verification: however often it is issued, it is redeemed once. */
async function issueProof(
  deps: Omit<ProofDeps, "messages">,
  verification: Verification,
  approvedAt: number,
): Promise<string> {
  const { id, purpose, asked, phoneTag } = verification;
  if (!asked) throw new Error(`nobody asked for verification ${id}`);
  const key = await deps.apiKeys.findLive(asked.client, deps.clock.now());
  const { reference, transaction } = await readAsk(deps.vault, verification);
  const claims: TokenClaims["proof"] = {
    client: asked.client,
    jti: id,
    verification: id,
    purpose,
    // A backend whose last key ended meanwhile is told no number.
    ...(key?.tells === "phone"
      ? { phone: await deps.vault.open(verification.sealedPhone, id) }
      : { phoneTag }),
    ...(reference !== undefined && { reference }),
    ...(transaction && { transactionHash: transactionDigest(transaction) }),
  };
  const times = { issuedAt: approvedAt, expiresAt: approvedAt + PROOF_MS };
  return await deps.tokens.issue("proof", claims, times);
}

/** What a proof shows. */
export interface Proven {
  readonly verificationId: string;
  readonly purpose: Purpose;
  /** E.164. */
  readonly phone?: string;
  readonly phoneTag?: string;
  readonly reference?: string;
  /** `transactionDigest` of what was confirmed. */
  readonly transactionHash?: string;
  /** Epoch milliseconds. */
  readonly approvedAt: number;
}

export interface RedeemDeps {
  readonly tokens: Tokens;
  readonly proofs: ProofStore;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Redeems a proof, once. Forged, expired, redeemed before and issued for another backend are one refusal; only the
 * backend's own try uses it up.
 */
export async function redeemProof(
  { tokens, proofs, clock, random }: RedeemDeps,
  { backend, proof }: { readonly backend: Backend; readonly proof: string },
): Promise<Result<Proven, "invalid_proof" | "purpose_not_allowed">> {
  const now = clock.now();
  const read = await tokens.readExpired("proof", proof);
  if (!read || read.expiresAt <= now || read.claims.client !== backend.client) return refuse("invalid_proof");
  const { client: _, jti: id, verification: verificationId, ...claims } = read.claims;
  if (!backend.purposes.includes(claims.purpose)) return refuse("purpose_not_allowed", { field: "proof" });
  if (!(await proofs.redeem({ id, redemption: random.uuid(now), at: now }))) return refuse("invalid_proof");
  return ok({ ...claims, verificationId, approvedAt: read.expiresAt - PROOF_MS });
}
