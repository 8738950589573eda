import type { Limit, Sum, Window } from "./ports.ts";

/** Sums are kept in this many slots a window. */
export const SLOTS = 60;

/** A slot counts for this many slots, its own included. */
export const SLOTS_KEPT = SLOTS + 1;

/**
 * This many more are kept: a clock that is ahead by a third of the window then drops nothing that others still count.
 */
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

/**
 * The oldest slot that still counts. One more counts than a window has, so that the slots always cover a whole window.
 */
export function firstSlot(now: number, windowMs: number): number {
  return slotAt(now, windowMs) - SLOTS;
}

/** The time from which a slot no longer counts, epoch milliseconds. */
export function slotEndsAt(slot: number, windowMs: number): number {
  return (slot + SLOTS_KEPT) * slotMs(windowMs);
}

/** The length of a window's slots, milliseconds. */
export function slotMs(windowMs: number): number {
  return Math.ceil(windowMs / SLOTS);
}

/**
 * When a window lets this amount through.
 *
 * @param slots those that still count, also of clocks that are ahead, oldest first
 * @returns epoch milliseconds; `now` if it does already; a window later if the amount is more than the window holds
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

/** What a take with these limits adds to sums: to each sum once, however many limits use it. */
export function sumsOf(limits: readonly Limit[], at: number): Sum[] {
  const sums = new Map<string, Sum>();
  for (const { key, windows, amount } of limits) {
    if (amount === undefined) continue;
    for (const { windowMs } of windows) sums.set(sumKey({ key, windowMs }), { key, windowMs, at, amount });
  }
  return [...sums.values()];
}
