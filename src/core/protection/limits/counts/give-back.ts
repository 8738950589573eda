import type { LimitEvent, Lost, Settlement } from "../ports.ts";
import { MAX_WINDOW_MS } from "../settings.ts";
import type { Books } from "./books.ts";
import { type Change, type EventOn, NO_CHANGE } from "./change.ts";
import { raisedSums, releasedLease } from "./decide.ts";
import { type EventLog, eventOf, oldestOf } from "./events.ts";
import type { Counted } from "./timeline.ts";

/** As `LimitStore.settle`. */
export function settled(books: Books, { forget, forgive, release }: Settlement): Change {
  const lease = releasedLease(books, release);
  return {
    ...NO_CHANGE,
    forgotten: forgotten(books.events, forget, forgive, 1),
    leases: lease ? [lease] : [],
  };
}

/** As `LimitStore.release`. Even if a lease is given back whole, a guess of it may be on its way to the ledger. */
export function released(books: Books, key: string, member: string, count: number | "all"): Change {
  const left = releasedLease(books, { key, member, count, moved: true });
  return { ...NO_CHANGE, leases: left ? [left] : [] };
}

/**
 * What is taken back when these members are forgotten on these keys, and then the oldest events on other keys.
 *
 * @param forgiven the keys on which the oldest events are taken back
 * @param count how many of them on each key
 */
export function forgotten(
  events: EventLog,
  { keys, members }: Settlement["forget"],
  forgiven: readonly string[] = [],
  count = 0,
): EventOn[] {
  const gone = new Map<Counted, string[]>();
  const go = (event: Counted | undefined, key: string) => {
    const on = event && gone.get(event);
    if (on) on.push(key);
    else if (event) gone.set(event, [key]);
  };
  const [own, ownMembers] = [new Set(keys), new Set(members)];
  for (const key of own) {
    const there = events.on(key);
    for (const member of ownMembers) go(eventOf(there, member), key);
  }
  for (const key of new Set(forgiven)) {
    for (const event of oldestOf(events.on(key), count, own.has(key) ? ownMembers : NOBODY)) go(event, key);
  }
  return [...gone].map(([{ member, at, keptMs }, on]) => ({ member, at, keptMs, keys: on }));
}

const NOBODY: ReadonlySet<string> = new Set();

/** Puts back a page of what was lost. Leaves out what is there already. */
export function putBack(books: Books, { events, leases = [], sums = [] }: Lost): Change {
  const lost = events.filter(({ key, member }) => !eventOf(books.events.on(key), member));
  const raised = raisedSums(books, sums).filter((slot) => slot.amount > books.sums.amountIn(slot));
  const open = leases
    .filter(({ key, member }) => !books.leases.find(key, member))
    .map(({ expiresAt, ...lease }) => ({ ...lease, endsAt: expiresAt }));
  return { ...NO_CHANGE, counted: together(lost), leases: open, sums: raised };
}

/**
 * Joins the events of one member, which follow each other, into one. No limit has said yet how long they matter, so
 * they are kept the longest time.
 */
function together(events: readonly LimitEvent[]): EventOn[] {
  const all: (EventOn & { readonly keys: string[] })[] = [];
  for (const { key, member, at } of events) {
    const last = all.at(-1);
    if (last?.member === member && last.at === at) last.keys.push(key);
    else all.push({ member, at, keptMs: MAX_WINDOW_MS, keys: [key] });
  }
  return all;
}
