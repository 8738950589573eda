/** One event, the same object on each key that it was counted on. */
export interface Counted {
  /** Who is counted. */
  readonly member: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** How long it matters from then on. */
  readonly keptMs: number;
}

/** The events of one key, in the order of time. */
export interface Timeline {
  /** Events before `start` are removed ones. */
  events: Counted[];
  start: number;
  /** The longest time that any limit looked back on this key. */
  keptMs: number;
  /** The event of each member; made once there are so many events that a search takes long. */
  byMember: Map<string, Counted> | undefined;
}

const INDEXED_FROM = 32;
/** Removed events are freed once there are this many of them, and once they are half of all. */
const LEAST_GONE = 512;

export function createTimeline(first: Counted): Timeline {
  return { events: [first], start: 0, keptMs: first.keptMs, byMember: undefined };
}

export function sizeOf({ events, start }: Timeline): number {
  return events.length - start;
}

/** The event of this member. */
export function eventIn(timeline: Timeline, member: string): Counted | undefined {
  const { events, byMember } = timeline;
  if (byMember) return byMember.get(member);
  const place = placeOf(timeline, member);
  return place < 0 ? undefined : events[place];
}

/** The place of the member; -1 if it is not there. Most searches are for young events. */
export function placeOf(timeline: Timeline, member: string): number {
  const { events, start, byMember } = timeline;
  let place = events.length - 1;
  if (byMember) {
    const event = byMember.get(member);
    if (!event) return -1;
    place = placeAfter(timeline, event.at) - 1;
  }
  while (place >= start && events[place]?.member !== member) place -= 1;
  return place < start ? -1 : place;
}

export function insert(timeline: Timeline, event: Counted): void {
  const { events } = timeline;
  const place = placeAfter(timeline, event.at);
  if (place === events.length) events.push(event);
  else events.splice(place, 0, event);
  timeline.keptMs = Math.max(timeline.keptMs, event.keptMs);
  timeline.byMember?.set(event.member, event);
  if (!timeline.byMember && sizeOf(timeline) >= INDEXED_FROM) timeline.byMember = indexOf(timeline);
}

/** Moves the events before it or those behind it, whichever are fewer. */
export function removeAt(timeline: Timeline, place: number): void {
  const { events, start, byMember } = timeline;
  const gone = events[place];
  if (gone) byMember?.delete(gone.member);
  if (place - start > events.length - place) {
    events.splice(place, 1);
    return;
  }
  events.copyWithin(start + 1, start, place);
  letGo(timeline, start + 1);
}

/** Drops at most `limit` events older than `before`; returns how many. */
export function dropBefore(timeline: Timeline, before: number, limit: number): number {
  const { events, start, byMember } = timeline;
  let end = start;
  while (end < events.length && end - start < limit && (events[end]?.at ?? before) < before) {
    byMember?.delete(events[end]?.member ?? "");
    end += 1;
  }
  if (end > start) letGo(timeline, end);
  return end - start;
}

function letGo(timeline: Timeline, start: number): void {
  const isWorthIt = start >= LEAST_GONE && start * 2 >= timeline.events.length;
  if (isWorthIt) timeline.events = timeline.events.slice(start);
  timeline.start = isWorthIt ? 0 : start;
}

/** Behind all events that are not later than this. */
function placeAfter({ events, start }: Timeline, at: number): number {
  let [low, high] = [start, events.length];
  if ((events[high - 1]?.at ?? at) <= at) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.at ?? at) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexOf({ events, start }: Timeline): Map<string, Counted> {
  return new Map(events.slice(start).map((event) => [event.member, event]));
}
