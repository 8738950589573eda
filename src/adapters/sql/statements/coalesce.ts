import { setImmediate } from "node:timers/promises";
import { UnavailableError } from "../../../core/refusals.ts";

/** How many callers are served in one go. */
const MOST = 32;
/** A group that takes this long is held up, by a lock or a lost connection. Others need not wait for it. */
const HELD_UP_MS = 100;
/** How many groups are under way at a time at most. */
const LANES = 4;
/** How many callers may wait: as many as a server has connections. */
const QUEUE_LIMIT = 10_000;

export interface CoalesceOptions {
  /** How many groups may be under way at a time. Default 4. */
  readonly lanes?: number;
  /** How many of those who wait go together. Default `preparedSize`. */
  readonly sizeOf?: (waiting: number) => number;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins concurrent requests into one operation. While one group is under way others gather, and they are the next
 * group. A caller that comes alone waits for nobody, and nobody is answered before their own request is done.
 *
 * A group has one of a few sizes, so that there are few statements to prepare. If a group fails, its requests are done
 * again one by one, so that nobody fails because of somebody else's mistake. But if the database was away, nobody knows
 * whether it was done, so nothing is repeated, and callers waiting for the same database are told at once.
 *
 * @param run outputs in the order of the items; all done, durably, or nothing of it
 */
export function coalesce<I, O>(
  run: (items: readonly I[]) => Promise<readonly O[]>,
  { lanes: mostLanes = LANES, sizeOf = preparedSize }: CoalesceOptions = {},
): (item: I) => Promise<O> {
  let waiting: Waiting<I, O>[] = [];
  let lanes = 0;
  let latest = Number.NEGATIVE_INFINITY;
  let isWatched = false;

  async function serveAll(): Promise<void> {
    for (await gathered(); waiting.length > 0; await gathered()) {
      const group = waiting.splice(0, sizeOf(waiting.length));
      latest = performance.now();
      attend();
      await serve(group).catch((error: unknown) => {
        const all = [...group, ...waiting];
        waiting = [];
        for (const { reject } of all) reject(error);
      });
    }
  }

  /** Rejects where the database was away. */
  async function serve(group: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outputs = await run(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(outputs[index] as O);
    } catch (error) {
      if (isAway(error)) throw error;
      if (group.length > 1) for (const each of group) await serve([each]);
      else group[0]?.reject(error);
    }
  }

  /** Opens another lane for those who wait if all open lanes are held up. */
  function attend(): void {
    if (waiting.length === 0 || lanes === mostLanes) return;
    if (lanes > 0 && performance.now() < latest + HELD_UP_MS) watch();
    else open();
  }

  function open(): void {
    lanes += 1;
    latest = performance.now();
    void serveAll().finally(() => {
      lanes -= 1;
    });
  }

  /** Checks again once the latest group counts as held up, because no other caller may come by then. */
  function watch(): void {
    if (isWatched) return;
    isWatched = true;
    const look = () => {
      isWatched = false;
      attend();
    };
    setTimeout(look, latest + HELD_UP_MS - performance.now()).unref();
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= QUEUE_LIMIT) return reject(tooMany());
      waiting.push({ item, resolve, reject });
      attend();
    });
}

function tooMany(): UnavailableError {
  return new UnavailableError("the database", { cause: new Error("too many wait for the database") });
}

/** Subclasses describe an error of a single caller, such as using a key that was replaced. */
function isAway(error: unknown): boolean {
  return error instanceof UnavailableError && error.constructor === UnavailableError;
}

/**
 * Requests of this turn of the event loop and of the next go together: many callers whose answer was read in this turn
 * need one more turn before they come. That saves a third of the commits; a third turn saves no more.
 */
async function gathered(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** The largest power of two, or one and a half of one, that so many fill: 1, 2, 3, 4, 6, 8, 12, 16, 24, 32. */
function preparedSize(count: number): number {
  const filled = Math.min(count, MOST);
  const power = 2 ** Math.floor(Math.log2(filled));
  return filled >= 1.5 * power ? 1.5 * power : power;
}
