import type { Kysely } from "kysely";
import type { LimitCheck, Sum } from "../../core/protection/ports.ts";
import { slotAt, slotEndsAt, sumFreeAt, sumKey, sumsOf } from "../../core/protection/sums.ts";
import { ifAbsent } from "./database.ts";
import type { Schema } from "./schema.ts";

/** From when on each of the checks that count amounts lets the next one through. One statement asks for all sums. */
export async function sumsFreeAt(
  trx: Kysely<Schema>,
  checks: readonly LimitCheck[],
  now: number,
): Promise<ReadonlyMap<LimitCheck, number>> {
  const counting = checks.filter(({ amount }) => amount !== undefined);
  const keys = sumsOf(counting, now).map(sumKey);
  if (keys.length === 0) return new Map();
  const slots = await trx
    .selectFrom("limit_sums")
    .select(["limit_key", "slot", "amount"])
    .where("limit_key", "in", keys)
    .where("ends_at", ">", now)
    .orderBy("slot")
    .execute();
  return new Map(
    counting.map((check) => {
      const ends = check.windows.map((window) => {
        const name = sumKey({ key: check.key, windowMs: window.windowMs });
        const own = slots.filter(({ limit_key }) => limit_key === name);
        return sumFreeAt(own, window, check.amount ?? 0, now);
      });
      return [check, Math.max(now, ...ends)];
    }),
  );
}

/** Adds what the checks of a take count. Their keys are locked. */
export async function countSums(
  trx: Kysely<Schema>,
  checks: readonly LimitCheck[],
  now: number,
): Promise<void> {
  await addSums(trx, sumsOf(checks, now));
}

/** In one order, so that no two callers wait for each other. */
export async function addSums(trx: Kysely<Schema>, sums: readonly Sum[]): Promise<void> {
  for (const sum of inOrder(sums)) {
    await makeSlot(trx, sum);
    await slotOf(trx, sum)
      .set((eb) => ({ amount: eb("amount", "+", sum.amount) }))
      .execute();
    if (sum.amount < 0) await slotOf(trx, sum).set({ amount: 0 }).where("amount", "<", 0).execute();
  }
}

/** Makes each slot at least as great as it was. */
export async function raiseSums(trx: Kysely<Schema>, sums: readonly Sum[]): Promise<void> {
  for (const sum of inOrder(sums)) {
    await makeSlot(trx, sum);
    await slotOf(trx, sum).set({ amount: sum.amount }).where("amount", "<", sum.amount).execute();
  }
}

async function makeSlot(trx: Kysely<Schema>, sum: Sum): Promise<void> {
  const slot = slotAt(sum.at, sum.windowMs);
  const values = { limit_key: sumKey(sum), slot, amount: 0, ends_at: slotEndsAt(slot, sum.windowMs) };
  await ifAbsent(trx.insertInto("limit_sums").values(values)).execute();
}

function slotOf(trx: Kysely<Schema>, sum: Sum) {
  const slot = slotAt(sum.at, sum.windowMs);
  return trx.updateTable("limit_sums").where("limit_key", "=", sumKey(sum)).where("slot", "=", slot);
}

function inOrder(sums: readonly Sum[]): readonly Sum[] {
  return sums.toSorted((a, b) => (sumKey(a) < sumKey(b) ? -1 : 1));
}
