import type { BaselineStore } from "../../../core/protection/guard/ports.ts";
import type { SqlDatabase } from "../database.ts";

/** Values are kept in thousandths, so that small growth is not rounded away. */
const SCALE = 1_000;

/** Rows of one insert; a statement takes a few thousand values at most. */
const ROWS = 200;

export function createBaselineStore({ db, transaction }: SqlDatabase): BaselineStore {
  return {
    async list() {
      const rows = await db.selectFrom("baselines").select(["subject", "value", "updated_at"]).execute();
      return rows.map(({ subject, value, updated_at: updatedAt }) => ({
        subject,
        value: value / SCALE,
        updatedAt,
      }));
    },

    replace: (baselines) =>
      transaction(async (trx) => {
        await trx.deleteFrom("baselines").execute();
        for (let from = 0; from < baselines.length; from += ROWS) {
          const values = baselines.slice(from, from + ROWS).map(({ subject, value, updatedAt }) => ({
            subject,
            value: Math.round(value * SCALE),
            updated_at: updatedAt,
          }));
          await trx.insertInto("baselines").values(values).execute();
        }
      }),
  };
}
