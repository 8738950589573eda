import { tellsNext } from "../../core/protection/limits/backoff.ts";
import type { Limit, TakeRequest } from "../../core/protection/limits/ports.ts";
import { sumKey } from "../../core/protection/limits/sums.ts";

/** What the script of a take is given. */
export interface TakeCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export const EPOCHS = "phonekey:{limits}:epochs";
/**
 * Exists for a while after lost data was put back, because the marks of guesses that went to the ledger were lost, too.
 */
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

/** What a row of bounds is about. */
export const BOUND = { window: 0, backoff: 1, sum: 2 } as const;

/**
 * The effect of a limit without room. `refuses` and `tells` refuse with the time at which to try again; `tells` also
 * tells, if there is room, when the next event may come. `hides` refuses without telling for how long. `advises`
 * refuses nobody.
 */
export const ROLE = { refuses: 0, advises: 1, tells: 2, hides: 3 } as const;

/** Refuses nobody. */
const UNBOUND = Number.MAX_SAFE_INTEGER;

/**
 * The limits as the script gets them: flat lists of numbers, which it reads several times faster than objects. Keys and
 * limits are named by their places, also in the answer, because each byte is read three times on its way.
 */
interface Lists {
  /** Limit, role, bound, key, max, windowMs; then of a backoff (whose max is `from`) baseMs and every, of a sum its amount and 0. */
  readonly bounds: number[];
  /** Key, how long its events matter in milliseconds. */
  readonly events: number[];
  /** For events of a part: key and how long they matter, then the key, max and windowMs of the part that must have room. */
  readonly ofParts: number[];
  /** Key, windowMs, amount. */
  readonly sums: number[];
}

/** Its last list is key, wanted, cap and end of the lease, or nothing. */
export function takeCall({ member, limits, lease, epoch = "" }: TakeRequest, now: number): TakeCall {
  const places = createPlaces();
  const { bounds, events, ofParts, sums } = listLimits(limits, places);
  const leased = lease ? [places.leases(lease.key), lease.wanted, lease.cap, lease.expiresAt] : [];
  const lists = JSON.stringify([bounds, events, ofParts, sums, leased]);
  return { keys: places.keys, args: [now, member, lists, epoch] };
}

type Places = ReturnType<typeof createPlaces>;

/** Keys by their place in `KEYS`, which Lua counts from 1. */
function createPlaces() {
  const keys = [EPOCHS, REBUILT];
  const placesOf = (nameOf: (key: string) => string) => {
    const places = new Map<string, number>();
    return (key: string) => {
      const known = places.get(key);
      if (known !== undefined) return known;
      const place = keys.push(nameOf(key));
      places.set(key, place);
      return place;
    };
  };
  return { keys, events: placesOf(eventsKey), sums: placesOf(sumsKey), leases: placesOf(leasesKey) };
}

/** What is counted on a key, once, however many limits look at it. */
interface Counted {
  keptMs: number;
  part: Limit["part"];
}

function listLimits(limits: readonly Limit[], places: Places): Lists {
  const lists: Lists = { bounds: [], events: [], ofParts: [], sums: [] };
  const counted = new Map<number, Counted>();
  let index = 0;
  for (const limit of limits) {
    if (limit.amount === undefined) {
      const place = places.events(limit.key);
      addBounds(lists.bounds, limit, index, place);
      counted.set(place, countedBy(limit, counted.get(place)));
    } else addSums(lists, limit, index, limit.amount, places);
    index += 1;
  }
  for (const [place, { keptMs, part }] of counted) {
    if (!part) lists.events.push(place, keptMs);
    else lists.ofParts.push(place, keptMs, places.events(part.key), Math.ceil(part.max), part.windowMs);
  }
  return lists;
}

function roleOf(limit: Limit): number {
  if (limit.advisory) return ROLE.advises;
  if (limit.untold) return ROLE.hides;
  return tellsNext(limit) ? ROLE.tells : ROLE.refuses;
}

function addBounds(bounds: number[], limit: Limit, index: number, place: number): void {
  const { windows, backoff } = limit;
  const role = roleOf(limit);
  for (const { max, windowMs } of windows)
    bounds.push(index, role, BOUND.window, place, Math.ceil(max), windowMs, 0, 0);
  if (backoff) {
    const { baseMs, windowMs, from = 1, every = 1 } = backoff;
    bounds.push(index, role, BOUND.backoff, place, from, windowMs, baseMs, every);
  } else if (windows.length === 0) {
    bounds.push(index, role, BOUND.window, place, UNBOUND, 0, 0, 0);
  }
}

function countedBy({ windows, backoff, part }: Limit, before: Counted | undefined): Counted {
  const counted = before ?? { keptMs: 0, part };
  counted.part ??= part;
  if (backoff) counted.keptMs = Math.max(counted.keptMs, backoff.windowMs);
  for (const { windowMs } of windows) counted.keptMs = Math.max(counted.keptMs, windowMs);
  return counted;
}

function addSums(
  { bounds, sums }: Lists,
  limit: Limit,
  index: number,
  amount: number,
  { keys, sums: placeOf }: Places,
): void {
  for (const { max, windowMs } of limit.windows) {
    const known = keys.length;
    const place = placeOf(sumKey({ key: limit.key, windowMs }));
    bounds.push(index, roleOf(limit), BOUND.sum, place, max, windowMs, amount, 0);
    if (place > known) sums.push(place, windowMs, amount);
  }
}
