import type { ProofStore } from "../../../core/backend/ports.ts";
import { ifAbsent, type SqlDatabase } from "../database.ts";

export function createProofStore({ transaction }: SqlDatabase): ProofStore {
  return {
    redeem: (proof) =>
      transaction(async (trx) => {
        await ifAbsent(trx.insertInto("redeemed_proofs").values(proof)).execute();
        const kept = await trx
          .selectFrom("redeemed_proofs")
          .select("redemption")
          .where("id", "=", proof.id)
          .executeTakeFirst();
        return kept?.redemption === proof.redemption;
      }),
  };
}
