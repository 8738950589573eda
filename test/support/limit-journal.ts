/** What a journal of limits comes to, read without the code that is tested. */
export interface CountedLimits {
  readonly events: readonly { readonly key: string; readonly member: string; readonly at: number }[];
  readonly leases: readonly { readonly key: string; readonly member: string; readonly amount: number }[];
  /** What all slots hold together. */
  readonly total: number;
}

type EventFields = [member: string, at: number, keptMs: number, ...keys: string[]];

interface Entry {
  readonly c?: EventFields[];
  readonly f?: EventFields[];
  readonly s?: [key: string, windowMs: number, slot: number, amount: number][];
  readonly l?: [key: string, member: string, amount: number, endsAt: number, moved?: 1][];
}

/** @param entries the column `entry` of all rows, in the order of their ids */
export function countedLimits(entries: readonly string[]): CountedLimits {
  const events = new Map<string, CountedLimits["events"][number]>();
  const leases = new Map<string, CountedLimits["leases"][number]>();
  const slots = new Map<string, number>();
  for (const { c = [], f = [], s = [], l = [] } of entries.map((text) => JSON.parse(text) as Entry)) {
    for (const [member, at, , ...keys] of c)
      for (const key of keys) events.set(`${key} ${member}`, { key, member, at });
    for (const [member, , , ...keys] of f) for (const key of keys) events.delete(`${key} ${member}`);
    for (const [key, windowMs, slot, amount] of s) slots.set(`${key} ${windowMs} ${slot}`, amount);
    for (const [key, member, amount] of l) leases.set(`${key} ${member}`, { key, member, amount });
  }
  return {
    events: [...events.values()],
    leases: [...leases.values()].filter(({ amount }) => amount > 0),
    total: [...slots.values()].reduce((sum, amount) => sum + amount, 0),
  };
}

/** The same entry, of so much earlier. */
export function earlier(text: string, ms: number): string {
  const { c, f, l, ...rest } = JSON.parse(text) as Entry;
  const shifted = (events: EventFields[]) =>
    events.map(([member, at, ...more]): EventFields => [member, at - ms, ...more]);
  return JSON.stringify({
    ...rest,
    ...(c && { c: shifted(c) }),
    ...(f && { f: shifted(f) }),
    ...(l && {
      l: l.map(([key, member, amount, endsAt, ...more]) => [key, member, amount, endsAt - ms, ...more]),
    }),
  });
}
