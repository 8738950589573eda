import { slotEndsAt, slotMs } from "../sums.ts";
import type { LeaseLeft } from "./leases.ts";
import type { SlotAmount } from "./sums.ts";
import type { Counted } from "./timeline.ts";

/** One event and the keys that it is about. */
export interface EventOn extends Counted {
  readonly keys: readonly string[];
}

/** Whether the books were seeded for this epoch. */
export interface Seed {
  readonly epoch: string;
  readonly isSeeded: boolean;
}

/**
 * What a step changed in the books: the events that came and went, and everything else as it is afterwards. Others can
 * repeat the change without deciding again. Safe to repeat.
 */
export interface Change {
  readonly counted: readonly EventOn[];
  readonly forgotten: readonly EventOn[];
  readonly sums: readonly SlotAmount[];
  readonly leases: readonly LeaseLeft[];
  readonly seeds: readonly Seed[];
}

export const NO_CHANGE: Change = { counted: [], forgotten: [], sums: [], leases: [], seeds: [] };

export function isEmpty({ counted, forgotten, sums, leases, seeds }: Change): boolean {
  return counted.length + forgotten.length + sums.length + leases.length + seeds.length === 0;
}

/** The latest time in a change, epoch milliseconds. */
export function lastOf(change: Change): number {
  return latest(
    change,
    ({ at }) => at,
    ({ slot, windowMs }) => slot * slotMs(windowMs),
  );
}

/** When no part of a change matters to any limit any more, epoch milliseconds. */
export function mattersUntil(change: Change): number {
  return latest(
    change,
    ({ at, keptMs }) => at + keptMs,
    ({ slot, windowMs }) => slotEndsAt(slot, windowMs),
  );
}

function latest(
  { counted, forgotten, sums, leases, seeds }: Change,
  ofEvent: (event: Counted) => number,
  ofSlot: (slot: SlotAmount) => number,
): number {
  // That a store was seeded is never out of date.
  if (seeds.length > 0) return Number.MAX_SAFE_INTEGER;
  let last = 0;
  for (const event of counted) last = Math.max(last, ofEvent(event));
  for (const event of forgotten) last = Math.max(last, ofEvent(event));
  for (const slot of sums) last = Math.max(last, ofSlot(slot));
  for (const { endsAt } of leases) last = Math.max(last, endsAt - 1);
  return last;
}
