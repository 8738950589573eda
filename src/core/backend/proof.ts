import type { MessageStore } from "../delivery/ports.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { TokenClaims, Tokens } from "../session/ports.ts";
import { readAsk } from "../verification/ask.ts";
import {
  type CheckDeps,
  type CheckInput,
  type CheckRefusal,
  checkCode,
  type Subject,
} from "../verification/check.ts";
import type { AskVault } from "../verification/ports.ts";
import { type Purpose, purposesGiving } from "../verification/purpose.ts";
import type { Backend } from "./api-key.ts";
import type { ProofStore } from "./ports.ts";

/** How long a backend has to redeem a proof. */
const PROOF_MS = 300_000;

export interface ProofDeps extends CheckDeps {
  readonly vault: CheckDeps["vault"] & AskVault;
  readonly tokens: Tokens;
  readonly messages: Pick<MessageStore, "convert">;
}

/** Looks at one guess at a code that a backend asked for; the right one gives a proof, for that backend alone. */
export async function checkForProof(
  deps: ProofDeps,
  input: Omit<CheckInput, "purposes">,
): Promise<Result<string, CheckRefusal>> {
  const checked = await checkCode(deps, { ...input, purposes: purposesGiving("proof") });
  return checked.ok ? ok(await issueProof(deps, checked.value)) : checked;
}

async function issueProof(deps: ProofDeps, { verification, phone, phoneTag }: Subject): Promise<string> {
  const now = deps.clock.now();
  const { id, purpose, asked } = verification;
  if (!asked) throw new Error(`nobody asked for verification ${id}`);
  await deps.messages.convert(id);
  const key = await deps.apiKeys.findLive(asked.client, now);
  const { reference } = await readAsk(deps.vault, verification);
  const claims: TokenClaims["proof"] = {
    client: asked.client,
    jti: deps.random.uuid(now),
    verification: id,
    purpose,
    // A client whose last key ended meanwhile is told no number.
    ...(key?.tells === "phone" ? { phone } : { phoneTag }),
    ...(reference !== undefined && { reference }),
  };
  return await deps.tokens.issue("proof", claims, { issuedAt: now, expiresAt: now + PROOF_MS });
}

/** What a proof shows. */
export interface Proven {
  readonly verificationId: string;
  readonly purpose: Purpose;
  /** E.164. */
  readonly phone?: string;
  readonly phoneTag?: string;
  readonly reference?: string;
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
 * Redeems a proof, once. Forged, expired, redeemed before and issued for another client are one refusal; only the
 * client's own try uses it up.
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
