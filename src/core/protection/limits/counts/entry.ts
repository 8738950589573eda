import { type Change, type EventOn, NO_CHANGE } from "./change.ts";
import type { LeaseLeft } from "./leases.ts";

/** A member, when it was counted, how long that matters, and on which keys. */
type EventFields = readonly [string, number, number, ...string[]];

/** Key, member, amount, end, and 1 if guesses of it went to the ledger. */
type LeaseFields = readonly [string, string, number, number, 1?];

/** A change as JSON: short, and with room for what later versions add. An absent member is empty. */
interface Entry {
  /** Counted. */
  readonly c?: readonly EventFields[];
  /** Forgotten. */
  readonly f?: readonly EventFields[];
  /** Sums as they are afterwards: key, window, slot, amount. */
  readonly s?: readonly (readonly [string, number, number, number])[];
  /** Leases as they are afterwards. */
  readonly l?: readonly LeaseFields[];
  /** Epochs that were seeded. */
  readonly e?: readonly string[];
}

/** A change as text; `changeOf` reads it. */
export function entryOf({ counted, forgotten, sums, leases, seeds }: Change): string {
  const entry: { -readonly [name in keyof Entry]: Entry[name] } = {};
  if (counted.length > 0) entry.c = counted.map(fieldsOf);
  if (forgotten.length > 0) entry.f = forgotten.map(fieldsOf);
  if (sums.length > 0) entry.s = sums.map((sum) => [sum.key, sum.windowMs, sum.slot, sum.amount]);
  if (leases.length > 0) entry.l = leases.map(leaseFieldsOf);
  if (seeds.length > 0) entry.e = seeds.map(({ epoch }) => epoch);
  return JSON.stringify(entry);
}

/** Several changes, one after the other, as one text. */
export function entriesOf(changes: readonly Change[]): string {
  return `[${changes.map(entryOf).join(",")}]`;
}

/** @param text what `entryOf` wrote, of this version or another one */
export function changeOf(text: string): Change {
  return fromEntry(JSON.parse(text) as Entry);
}

/** @param text what `entriesOf` wrote, of this version or another one */
export function changesOf(text: string): readonly Change[] {
  return (JSON.parse(text) as readonly Entry[]).map(fromEntry);
}

function fromEntry({ c, f, s, l, e }: Entry): Change {
  return {
    ...NO_CHANGE,
    ...(c && { counted: c.map(eventOf) }),
    ...(f && { forgotten: f.map(eventOf) }),
    ...(s && { sums: s.map(([key, windowMs, slot, amount]) => ({ key, windowMs, slot, amount })) }),
    ...(l && { leases: l.map(leaseOf) }),
    ...(e && { seeds: e.map((epoch) => ({ epoch, isSeeded: true })) }),
  };
}

function fieldsOf({ member, at, keptMs, keys }: EventOn): EventFields {
  return [member, at, keptMs, ...keys];
}

function eventOf([member, at, keptMs, ...keys]: EventFields): EventOn {
  return { member, at, keptMs, keys };
}

function leaseFieldsOf({ key, member, amount, endsAt, moved }: LeaseLeft): LeaseFields {
  return moved ? [key, member, amount, endsAt, 1] : [key, member, amount, endsAt];
}

function leaseOf([key, member, amount, endsAt, moved]: LeaseFields): LeaseLeft {
  return { key, member, amount, endsAt, ...(moved && { moved: true }) };
}
