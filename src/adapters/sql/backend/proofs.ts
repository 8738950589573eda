import type { ProofStore } from "../../../core/backend/ports.ts";
import type { Sweep } from "../../../core/maintenance/ports.ts";
import { ifAbsent, rows, type SqlDatabase } from "../database.ts";

export function createProofStore({ db, transaction }: SqlDatabase): ProofStore & { readonly sweep: Sweep } {
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

    async sweep(before, limit) {
      const query = db.selectFrom("redeemed_proofs").select("id").where("at", "<", before);
      const old = await query.orderBy("at").limit(rows(limit)).execute();
      if (old.length === 0) return 0;
      const ids = old.map(({ id }) => id);
      const { numDeletedRows } = await db
        .deleteFrom("redeemed_proofs")
        .where("id", "in", ids)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}
