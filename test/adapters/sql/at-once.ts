import type { SqlDatabase } from "../../../src/adapters/sql/database.ts";
import { parallel } from "../../contracts/samples.ts";

/** 30 transactions at once, each of two rows; ten of them fail between the two. Resolves with how many rows are left. */
export async function transactAtOnce({ transaction, db }: SqlDatabase): Promise<number> {
  await parallel(30, (index) =>
    transaction(async (trx) => {
      const insert = (epoch: string) => trx.insertInto("limit_seeds").values({ epoch }).execute();
      await insert(`a${index}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (index % 3 === 0) throw new Error("rolled back");
      await insert(`b${index}`);
    }).catch(() => undefined),
  );
  const rows = await db.selectFrom("limit_seeds").select("epoch").execute();
  return rows.length;
}
