import { slotEndsAt, slotMs } from "../sums.ts";
import type { LeaseLeft } from "./leases.ts";
import type { SlotAmount } from "./sums.ts";
import type { Counted } from "./timeline.ts";

/** One event and the keys that it is about. */
export interface EventOn extends Counted {
  readonly keys: readonly string[];
}

/** Whether a store was given what it lost, for this epoch. */
export interface Seed {
  readonly epoch: string;
  readonly isSeeded: boolean;
}

/**
 * What a step did, so that it can be done again without knowing why: events come and go, the rest is as it says then.
 * Doing it twice is doing it once.
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

/** The last moment that it tells of: nothing in it happened, or was counted, or ends after that. */
export function lastOf(change: Change): number {
  return latest(
    change,
    ({ at }) => at,
    ({ slot, windowMs }) => slot * slotMs(windowMs),
  );
}

/** From when on nobody looks at anything of it. */
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
  // What was seeded is known for ever.
  if (seeds.length > 0) return Number.MAX_SAFE_INTEGER;
  let last = 0;
  for (const event of counted) last = Math.max(last, ofEvent(event));
  for (const event of forgotten) last = Math.max(last, ofEvent(event));
  for (const slot of sums) last = Math.max(last, ofSlot(slot));
  for (const { endsAt } of leases) last = Math.max(last, endsAt - 1);
  return last;
}
