import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createPool, type Pooled } from "../../../../src/adapters/sql/mysql/pool.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { parallel } from "../../../contracts/samples.ts";

interface Item extends Pooled {
  readonly id: number;
  isGood: boolean;
  isEnded: boolean;
}

function openPool(
  over: Partial<Parameters<typeof createPool>[0]> = {},
  failing = () => false,
  opening: () => Promise<void> = tick,
) {
  const items: Item[] = [];
  const living = () => items.filter(({ isEnded, isGood }) => isGood && !isEnded).length;
  let most = 0;
  const open = async (): Promise<Item> => {
    await opening();
    if (failing()) throw new Error("cannot open");
    const item: Item = {
      id: items.length,
      isGood: true,
      isEnded: false,
      isOpen: () => item.isGood && !item.isEnded,
      answers: async () => item.isGood,
      end: () => {
        item.isEnded = true;
      },
    };
    items.push(item);
    most = Math.max(most, living());
    return item;
  };
  const options = { limit: 3, queueLimit: 100, waitMs: 2000, trustedIdleMs: 60_000, ...over, open };
  return { pool: createPool<Item>(options), items, living, most: () => most };
}

function tick(): Promise<void> {
  return sleep(1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function inTurn<T>(all: readonly T[]): () => T {
  let next = 0;
  return () => all[next++ % all.length] as T;
}

describe("pool", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("serves all callers in their order, with at most `limit` connections", async () => {
    const { pool, items, most } = openPool();
    const served: number[] = [];
    await parallel(60, async (index) => {
      const item = await pool.acquire();
      served.push(index);
      await tick();
      pool.release(item);
    });
    expect(served).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect({ opened: items.length, most: most() }).toEqual({ opened: 3, most: 3 });
  });

  test("gives out the connection that was used last, so that the others rest", async () => {
    const { pool } = openPool();
    const [first, second] = [await pool.acquire(), await pool.acquire()];
    pool.release(first);
    pool.release(second);
    expect(await pool.acquire()).toBe(second);
  });

  test("rejects callers that wait too long or are too many", async () => {
    const { pool } = openPool({ limit: 1, queueLimit: 2, waitMs: 30 });
    const held = await pool.acquire();
    const reasons = await parallel(3, () => pool.acquire().catch((error: unknown) => error));
    for (const reason of reasons) expect(reason).toBeInstanceOf(UnavailableError);
    expect(reasons.map((reason) => String((reason as Error).cause))).toEqual([
      "Error: no connection came free within 30 ms",
      "Error: no connection came free within 30 ms",
      "Error: too many wait for a connection",
    ]);
    pool.release(held);
    pool.release(await pool.acquire());
  });

  test("rejects the caller when a connection cannot be opened, and keeps the place free", async () => {
    let down = true;
    const { pool, most } = openPool({}, () => down);
    const failed = await Promise.allSettled(Array.from({ length: 20 }, () => pool.acquire()));
    expect(failed.every(({ status }) => status === "rejected")).toBe(true);
    down = false;
    await parallel(20, async () => pool.release(await pool.acquire()));
    expect(most()).toBeLessThanOrEqual(3);
  });

  test("gives out no connection that broke while it was used or while it rested", async () => {
    const { pool, items } = openPool();
    const first = await pool.acquire();
    first.isGood = false;
    pool.release(first);
    const second = await pool.acquire();
    pool.release(second);
    second.isGood = false;
    expect((await pool.acquire()).id).toBe(2);
    expect(items.map(({ isEnded }) => isEnded)).toEqual([true, true, false]);
  });

  test("asks a connection that rested for long before it is used", async () => {
    const { pool } = openPool({ trustedIdleMs: 0 });
    const first = await pool.acquire();
    pool.release(first);
    expect(await pool.acquire()).toBe(first);
    pool.release(first);
    first.answers = async () => false;
    expect(await pool.acquire()).not.toBe(first);
    expect(first.isEnded).toBe(true);
  });

  test("a caller whose place came free in time waits until a connection is opened there, even beyond waitMs", async () => {
    vi.useFakeTimers();
    const { pool } = openPool({ limit: 1, waitMs: 30 }, undefined, () => sleep(100));
    const holding = pool.acquire();
    await vi.advanceTimersByTimeAsync(100);
    const held = await holding;
    const waiting = pool.acquire().then((item) => pool.release(item));
    await vi.advanceTimersByTimeAsync(20);
    held.isGood = false;
    pool.release(held);
    await vi.advanceTimersByTimeAsync(200);
    await waiting;
    expect((await pool.acquire()).id).toBe(1);
  });

  test("closing waits for acquired connections, ends all, and rejects further callers", async () => {
    const { pool, living } = openPool({ limit: 2 });
    const [held, resting] = [await pool.acquire(), await pool.acquire()];
    pool.release(resting);
    pool.release(await pool.acquire());
    const other = await pool.acquire();
    const waiting = pool.acquire();
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    const again = pool.close();
    await expect(waiting).rejects.toThrow("closed");
    await expect(pool.acquire()).rejects.toThrow("closed");
    pool.release(other);
    await tick();
    expect(closed).toBe(false);
    pool.release(held);
    await Promise.all([closing, again, pool.close()]);
    expect(living()).toBe(0);
  });

  test("ends every connection, in whatever order they fail and break", async () => {
    let calls = 0;
    const { pool, living, most } = openPool({ limit: 4, waitMs: 5000 }, () => calls++ % 3 === 0);
    const use = async (index: number) => {
      const item = await pool.acquire();
      await tick();
      if (index % 5 === 0) item.isGood = false;
      pool.release(item);
    };
    await Promise.allSettled(Array.from({ length: 300 }, (_, index) => use(index)));
    expect(most()).toBeLessThanOrEqual(4);
    await pool.close();
    expect(living()).toBe(0);
  });

  test("keeps all places, in whatever order connections open, fail, break and are waited for too long", async () => {
    vi.useFakeTimers();
    const ms = fc.nat(9);
    const uses = fc.array(fc.record({ at: fc.nat(30), holds: ms, breaks: fc.boolean() }), { maxLength: 15 });
    const times = fc.array(ms, { minLength: 1 });
    const failures = fc.array(fc.boolean(), { minLength: 1 });
    const property = fc.asyncProperty(uses, times, failures, ms, async (all, takes, fails, waitMs) => {
      let isOver = false;
      const [nextTakes, nextFails] = [inTurn(takes), inTurn(fails)];
      const options = { limit: 2, queueLimit: 5, waitMs, trustedIdleMs: 3 };
      const failing = () => nextFails() && !isOver;
      const { pool, living, most } = openPool(options, failing, () => sleep(nextTakes()));
      const run = async ({ at, holds, breaks }: (typeof all)[number]) => {
        await sleep(at);
        const item = await pool.acquire();
        await sleep(holds);
        item.isGood = !breaks;
        pool.release(item);
      };
      const running = Promise.allSettled(all.map(run));
      await vi.runAllTimersAsync();
      await running;
      isOver = true;
      const places = Promise.all([pool.acquire(), pool.acquire()]);
      await vi.runAllTimersAsync();
      for (const item of await places) pool.release(item);
      await pool.close();
      expect(living()).toBe(0);
      expect(most()).toBeLessThanOrEqual(2);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
