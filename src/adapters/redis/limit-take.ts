import type { LimitCheck, TakeRequest } from "../../core/protection/ports.ts";
import { firstSlot, SLOTS_KEPT, slotAt, slotMs, sumKey, sumsOf } from "../../core/protection/sums.ts";

/** What the script of a take is given. */
export interface TakeCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export const EPOCHS = "phonekey:{limits}:epochs";
/** There for a while after something that was lost was put back: the marks of what went to the ledger were lost, too. */
export const REBUILT = "phonekey:{limits}:rebuilt";

export function eventsKey(key: string): string {
  return `phonekey:{limits}:events:${key}`;
}

export function leasesKey(key: string): string {
  return `phonekey:{limits}:leases:${key}`;
}

export function sumsKey(key: string): string {
  return `phonekey:{limits}:sums:${key}`;
}

/** Keys by their place in `KEYS`, which Lua counts from 1. */
function createPlaces() {
  const places = new Map([
    [EPOCHS, 1],
    [REBUILT, 2],
  ]);
  const place = (key: string) => {
    const known = places.get(key) ?? places.size + 1;
    places.set(key, known);
    return known;
  };
  return { keys: () => [...places.keys()], place };
}

/** Checks are told by their place in the request, also in the answer: each byte is read three times on its way. */
export function takeCall({ member, checks, lease, epoch = "" }: TakeRequest, now: number): TakeCall {
  const { keys, place } = createPlaces();
  const described = checks.map((check) => describe(check, place, now));
  const leased = lease ? { ...lease, key: place(leasesKey(lease.key)) } : {};
  const events = eventsOf(checks, place);
  const sums = sumsOf(checks, now).map(({ windowMs, amount, ...sum }) => ({
    key: place(sumsKey(sumKey({ ...sum, windowMs }))),
    slot: slotAt(now, windowMs),
    first: firstSlot(now, windowMs),
    windowMs,
    amount,
  }));
  return { keys: keys(), args: [now, member, JSON.stringify([described, leased, events, sums]), epoch] };
}

type Place = (key: string) => number;

function describe(check: LimitCheck, place: Place, now: number): object {
  const { key, windows, backoff, amount, advisory } = check;
  if (amount !== undefined) {
    const sums = windows.map(({ max, windowMs }) => ({
      key: place(sumsKey(sumKey({ key, windowMs }))),
      first: firstSlot(now, windowMs),
      slotMs: slotMs(windowMs),
      kept: SLOTS_KEPT,
      max,
      windowMs,
    }));
    return { amount, advisory, sums };
  }
  return {
    advisory,
    key: place(eventsKey(key)),
    windows: windows.map(({ max, windowMs }) => [Math.ceil(max), windowMs]),
    ...(backoff && { backoff: { from: 1, every: 1, ...backoff } }),
  };
}

interface CountedKey {
  readonly key: number;
  /** How long its events matter, milliseconds. */
  keptMs: number;
  share?: object;
}

/** Each key that events are counted on once. */
function eventsOf(checks: readonly LimitCheck[], place: Place): readonly CountedKey[] {
  const counted = new Map<string, CountedKey>();
  for (const { key, windows, backoff, amount, share } of checks) {
    if (amount !== undefined) continue;
    const event = counted.get(key) ?? { key: place(eventsKey(key)), keptMs: 0 };
    event.keptMs = Math.max(event.keptMs, backoff?.windowMs ?? 0, ...windows.map(({ windowMs }) => windowMs));
    if (share) event.share ??= { ...share, max: Math.ceil(share.max), key: place(eventsKey(share.key)) };
    counted.set(key, event);
  }
  return [...counted.values()];
}
