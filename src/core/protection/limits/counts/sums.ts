import type { Window } from "../ports.ts";
import { firstSlot, SLOTS, SLOTS_SPARE, type Slot, slotEndsAt, sumFreeAt, sumKey } from "../sums.ts";

/** What a slot of a window holds. */
export interface SlotAmount extends Slot {
  readonly key: string;
  readonly windowMs: number;
}

/** The sums of each window. */
export interface SumBook {
  /** When this window lets the amount through, as `sumFreeAt` says. */
  freeAt(key: string, window: Window, amount: number, now: number): number;
  amountIn(slot: Omit<SlotAmount, "amount">): number;
  /** Sets the slot to this; returns what it was. */
  set(slot: SlotAmount): SlotAmount;
  /** Drops at most `limit` slots that ended before `before`; returns how many. */
  sweep(before: number, limit: number): number;
}

interface Entry {
  readonly windowMs: number;
  readonly slots: Map<number, number>;
}

/**
 * Makes a book of sums. It has no bound: there are only as many sums as budgets, and slots that no window reaches are
 * dropped.
 */
export function createSumBook(): SumBook {
  const entries = new Map<string, Entry>();

  return {
    freeAt(key, window, amount, now) {
      const { max, windowMs } = window;
      const slots = entries.get(sumKey({ key, windowMs }))?.slots;
      const first = firstSlot(now, windowMs);
      // Mostly there is room. Then no list of the slots has to be made.
      if (totalFrom(slots, first) + amount <= max) return now;
      return sumFreeAt(slotsFrom(slots, first), window, amount, now);
    },

    amountIn: ({ slot, ...sum }) => entries.get(sumKey(sum))?.slots.get(slot) ?? 0,

    set(changed) {
      const { windowMs, slot, amount } = changed;
      const entry = entries.get(sumKey(changed)) ?? { windowMs, slots: new Map<number, number>() };
      const before = entry.slots.get(slot);
      entries.set(sumKey(changed), entry);
      entry.slots.set(slot, amount);
      if (before === undefined) dropBefore(entry, slot - SLOTS - SLOTS_SPARE);
      return { ...changed, amount: before ?? 0 };
    },

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

function totalFrom(slots: Entry["slots"] | undefined, first: number): number {
  let total = 0;
  slots?.forEach((amount, slot) => {
    if (slot >= first) total += amount;
  });
  return total;
}

/** Oldest first. */
function slotsFrom(slots: Entry["slots"] = new Map(), first: number): Slot[] {
  const live = [...slots].filter(([slot]) => slot >= first);
  return live.map(([slot, amount]) => ({ slot, amount })).sort((a, b) => a.slot - b.slot);
}

function dropBefore({ slots }: Entry, first: number): void {
  for (const slot of slots.keys()) if (slot < first) slots.delete(slot);
}
