import type { LimitCheck, TakeRequest } from "../../core/protection/ports.ts";
import { firstSlot, SLOTS_KEPT, slotAt, slotMs, sumKey, sumsOf } from "../../core/protection/sums.ts";

/** What the script of a take is given. */
export interface TakeCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export const EPOCHS = "phonekey:{limits}:epochs";

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
  const keys = [EPOCHS];
  const place = (key: string) => {
    if (!keys.includes(key)) keys.push(key);
    return keys.indexOf(key) + 1;
  };
  return { keys, place };
}

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
  const json = [described, leased, events, sums].map((each) => JSON.stringify(each));
  return { keys, args: [now, member, ...json, epoch] };
}

type Place = (key: string) => number;

function describe(check: LimitCheck, place: Place, now: number): object {
  const { name, key, windows, backoff, amount, advisory } = check;
  if (amount !== undefined) {
    const sums = windows.map(({ max, windowMs }) => ({
      key: place(sumsKey(sumKey({ key, windowMs }))),
      first: firstSlot(now, windowMs),
      slotMs: slotMs(windowMs),
      kept: SLOTS_KEPT,
      max,
      windowMs,
    }));
    return { name, amount, advisory, sums };
  }
  return {
    name,
    advisory,
    key: place(eventsKey(key)),
    windows: windows.map(({ max, windowMs }) => [max, windowMs]),
    ...(backoff && { backoff: { from: 1, every: 1, ...backoff } }),
  };
}

/** Each key that events are counted on once. */
function eventsOf(checks: readonly LimitCheck[], place: Place): object[] {
  const counting = checks.filter(({ amount }) => amount === undefined);
  const names = [...new Set(counting.map(({ key }) => key))];
  return names.map((name) => {
    const same = counting.filter(({ key }) => key === name);
    const share = same.find((check) => check.share)?.share;
    return {
      key: place(eventsKey(name)),
      keptMs: lookback(same),
      ...(share && { share: { ...share, key: place(eventsKey(share.key)) } }),
    };
  });
}

/** How long events under these checks matter, milliseconds. */
function lookback(checks: readonly LimitCheck[]): number {
  const spans = checks.flatMap(({ windows, backoff }) => [
    ...windows.map(({ windowMs }) => windowMs),
    backoff?.windowMs ?? 0,
  ]);
  return Math.max(0, ...spans);
}
