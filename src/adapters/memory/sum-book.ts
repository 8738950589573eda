import type { Sum } from "../../core/protection/ports.ts";
import { firstSlot, type Slot, slotAt, slotEndsAt, sumKey } from "../../core/protection/sums.ts";

/** The sums of each window. */
export interface SumBook {
  /** The slots that still count, oldest first. */
  of(sum: Pick<Sum, "key" | "windowMs">, now: number): readonly Slot[];
  /** Adds to the slot of the sum's time; below zero it stays at zero. */
  add(sum: Sum): void;
  /** Makes the slot at least as great. */
  raise(sum: Sum): void;
  /** Drops at most `limit` slots that ended before `before`; returns how many. */
  sweep(before: number, limit: number): number;
}

interface Entry {
  readonly windowMs: number;
  readonly slots: Map<number, number>;
}

/** There are as many of them as there are budgets, so nothing bounds them but what no window reaches any more. */
export function createSumBook(): SumBook {
  const entries = new Map<string, Entry>();

  function change(sum: Sum, next: (amount: number) => number): void {
    const { windowMs } = sum;
    const entry = entries.get(sumKey(sum)) ?? { windowMs, slots: new Map() };
    entries.set(sumKey(sum), entry);
    const slot = slotAt(sum.at, windowMs);
    entry.slots.set(slot, Math.max(0, next(entry.slots.get(slot) ?? 0)));
    // A minute more than the newest event needs, for a clock that is set back.
    for (const old of entry.slots.keys()) {
      if (slotEndsAt(old, windowMs) < sum.at - SLACK_MS) entry.slots.delete(old);
    }
  }

  return {
    of({ key, windowMs }, now) {
      const slots = entries.get(sumKey({ key, windowMs }))?.slots ?? new Map<number, number>();
      const live = [...slots].filter(([slot]) => slot >= firstSlot(now, windowMs));
      return live.map(([slot, amount]) => ({ slot, amount })).sort((a, b) => a.slot - b.slot);
    },

    add: (sum) => change(sum, (amount) => amount + sum.amount),

    raise: (sum) => change(sum, (amount) => Math.max(amount, sum.amount)),

    sweep(before, limit) {
      let swept = 0;
      for (const [key, { windowMs, slots }] of entries) {
        for (const slot of slots.keys()) {
          if (swept >= limit || slotEndsAt(slot, windowMs) >= before) continue;
          slots.delete(slot);
          swept += 1;
        }
        if (slots.size === 0) entries.delete(key);
      }
      return swept;
    },
  };
}

const SLACK_MS = 60_000;
