import { ok } from "../../../core/refusals.ts";
import { timeOf } from "../../time.ts";
import { operation } from "../operation.ts";
import { Approved, CheckBody, Proven, RedeemBody } from "../schemas/backend.ts";
import { VerificationId } from "../schemas/verifications.ts";
import { servedClient } from "./wire.ts";

export const checkVerification = operation({
  summary: "Check a code that a backend asked for",
  description:
    "Gives a proof for the right code, for the backend that started the verification and for nobody else. The person's browser may call it, or the backend with its API key. A wrong, expired, spent or unknown code is one refusal; a code for another transaction is a wrong one.",
  auth: "backend_if_shown",
  params: VerificationId,
  body: CheckBody,
  answer: { status: 200, description: "The proof.", schema: Approved },
  refusals: ["invalid_request", "invalid_code", "too_many_requests"],
  example: { code: "004217" },
  handle: async (request, phonekey) => {
    const { params, body, principal: backend } = request;
    const client = servedClient(request, backend, body);
    if (!client.ok) return client;
    const proof = await phonekey.backend.check({
      verificationId: params.id,
      code: body.code,
      client: client.value,
      transaction: body.transaction,
      backend,
    });
    return proof.ok ? ok({ status: "approved" as const, proof: proof.value }) : proof;
  },
});

export const redeemProof = operation({
  summary: "Redeem a proof",
  description:
    "Says what a proof shows, once. Whoever redeems proofs is safe from their being shown twice; who only verifies them by the JWKS must remember their `jti` for 5 minutes.",
  auth: "backend",
  body: RedeemBody,
  answer: { status: 200, description: "What it shows.", schema: Proven },
  refusals: ["invalid_proof", "purpose_not_allowed"],
  handle: async ({ principal: backend, body }, phonekey) => {
    const redeemed = await phonekey.backend.redeem({ backend, proof: body.proof });
    if (!redeemed.ok) return redeemed;
    return ok({ ...redeemed.value, approvedAt: timeOf(redeemed.value.approvedAt) });
  },
});
