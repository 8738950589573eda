import type { Limit, Sum, Window } from "./ports.ts";

/** Sums are kept in this many slots a window. */
export const SLOTS = 60;

/** For so many slots what is in one counts, its own included. */
export const SLOTS_KEPT = SLOTS + 1;

/** So many more are kept: by a clock that is ahead by a third of the window nothing is dropped that others still count. */
export const SLOTS_SPARE = 20;

/** What was counted in one slot. */
export interface Slot {
  readonly slot: number;
  readonly amount: number;
}

/** The slot that holds what is counted at this time. */
export function slotAt(at: number, windowMs: number): number {
  return Math.floor(at / slotMs(windowMs));
}

/** The oldest slot that still counts: one more counts than a window has, so that they always hold a whole window. */
export function firstSlot(now: number, windowMs: number): number {
  return slotAt(now, windowMs) - SLOTS;
}

/** When a slot counts no more, epoch milliseconds. */
export function slotEndsAt(slot: number, windowMs: number): number {
  return (slot + SLOTS_KEPT) * slotMs(windowMs);
}

/** The length of a window's slots, milliseconds. */
export function slotMs(windowMs: number): number {
  return Math.ceil(windowMs / SLOTS);
}

/**
 * From when on a window lets this amount through.
 *
 * @param slots those that still count, also of clocks that are ahead, oldest first
 * @returns epoch milliseconds; `now` where it does so already, a window later where it is more than the window holds
 */
export function sumFreeAt(
  slots: readonly Slot[],
  { max, windowMs }: Window,
  amount: number,
  now: number,
): number {
  let total = slots.reduce((sum, slot) => sum + slot.amount, 0) + amount;
  if (total <= max) return now;
  for (const slot of slots) {
    total -= slot.amount;
    if (total <= max) return slotEndsAt(slot.slot, windowMs);
  }
  return now + windowMs;
}

/** The name under which a window's sum is kept. */
export function sumKey({ key, windowMs }: Pick<Sum, "key" | "windowMs">): string {
  return `${key}/${windowMs}`;
}

/** What a take with these limits adds to sums: each of them once, however many limits look at it. */
export function sumsOf(limits: readonly Limit[], at: number): Sum[] {
  const sums = new Map<string, Sum>();
  for (const { key, windows, amount } of limits) {
    if (amount === undefined) continue;
    for (const { windowMs } of windows) sums.set(sumKey({ key, windowMs }), { key, windowMs, at, amount });
  }
  return [...sums.values()];
}
