import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { coalesce } from "../../../../src/adapters/sql/statements/coalesce.ts";
import { StaleKeyError, UnavailableError } from "../../../../src/core/refusals.ts";

/** Time stands still, since on a busy machine any group may take long. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** Work that ends when the test says so. */
function createWork() {
  const groups: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const run = async (items: readonly number[]) => {
    groups.push(items);
    await new Promise<void>((resolve) => ends.push(resolve));
    return items.map((item) => item * 10);
  };
  const turns = async () => {
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  };
  const endFirst = async () => {
    ends.shift()?.();
    await turns();
  };
  const endAll = async () => {
    while (ends.length > 0) await endFirst();
  };
  return { groups, run, turns, endFirst, endAll };
}

const away = () => new UnavailableError("the database", { cause: undefined });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const statuses = async (all: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map(({ status }) => status);

describe("coalesce: calls of the same time", () => {
  test("go together, and each gets its own result", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    const all = Promise.all(numbers(8).map(ask));
    await turns();
    expect(groups).toEqual([numbers(8)]);
    await endAll();
    expect(await all).toEqual(numbers(8).map((n) => n * 10));
  });

  test("go in groups of set sizes: 92 calls as 32, 32, 24 and 4", async () => {
    const { groups, run, turns, endAll } = createWork();
    const all = Promise.all(numbers(92).map(coalesce(run)));
    await turns();
    await endAll();
    await all;
    expect(groups.map(({ length }) => length)).toEqual([32, 32, 24, 4]);
  });

  test("are not answered before their group is done, and one group runs at a time", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    let answered = 0;
    const all = numbers(5).map(async (n) => {
      await ask(n);
      answered += 1;
    });
    await turns();
    expect([groups.length, answered]).toEqual([1, 0]);
    await endAll();
    await Promise.all(all);
    expect(answered).toBe(5);
  });

  test("that come while others wait join the next group", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    const all = numbers(5).map(ask);
    await turns();
    all.push(ask(5), ask(6));
    await turns();
    expect(groups).toEqual([[0, 1, 2, 3]]);
    await endAll();
    await Promise.all(all);
    expect(groups).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("a single call does not wait", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    for (const n of numbers(3)) {
      const alone = ask(n);
      await turns();
      expect(groups).toHaveLength(n + 1);
      await endAll();
      await alone;
    }
  });

  test("a call does not wait for a group that has run for too long", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    const all = [ask(0)];
    await turns();
    vi.advanceTimersByTime(120);
    all.push(ask(1), ask(2));
    await turns();
    expect(groups).toEqual([[0], [1, 2]]);
    await endAll();
    await Promise.all(all);
  });

  test("a call that waits for a group that runs too long gets a group of its own, even if no call follows", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    const all = [ask(0)];
    await turns();
    vi.advanceTimersByTime(60);
    all.push(ask(1));
    await turns();
    expect(groups).toEqual([[0]]);
    vi.advanceTimersByTime(40);
    await turns();
    expect(groups).toEqual([[0], [1]]);
    all.push(...numbers(40).map(ask));
    vi.advanceTimersByTime(100);
    await turns();
    vi.advanceTimersByTime(100);
    await turns();
    expect(groups.map(({ length }) => length)).toEqual([1, 1, 32, 8]);
    await endAll();
    await Promise.all(all);
  });

  test("a call waits while groups follow each other, however long these take together", async () => {
    const { groups, run, turns, endFirst, endAll } = createWork();
    const ask = coalesce(run);
    const all = [ask(0)];
    await turns();
    vi.advanceTimersByTime(60);
    all.push(ask(1));
    await endFirst();
    vi.advanceTimersByTime(60);
    all.push(ask(2));
    await turns();
    expect(groups).toEqual([[0], [1]]);
    await endAll();
    await Promise.all(all);
  });

  test.each([
    { lanes: 1, options: { lanes: 1 } },
    { lanes: 4, options: {} },
  ])("at most $lanes groups run at once, however long they take", async ({ lanes, options }) => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run, options);
    const all: Promise<number>[] = [];
    for (const n of numbers(6)) {
      all.push(ask(n));
      await turns();
      vi.advanceTimersByTime(120);
    }
    expect(groups).toHaveLength(lanes);
    await endAll();
    expect(await Promise.all(all)).toEqual(numbers(6).map((n) => n * 10));
  });

  test("a call that fails, or has a stale key, does not fail the others of its group", async () => {
    const run = async (items: readonly number[]) => {
      if (items.includes(2)) throw new Error("a mistake");
      if (items.includes(3)) throw new StaleKeyError();
      return items;
    };
    const all = numbers(8).map(coalesce(run));
    expect(await statuses(all)).toEqual(
      numbers(8).map((n) => (n === 2 || n === 3 ? "rejected" : "fulfilled")),
    );
    await expect(all[2]).rejects.toThrow("a mistake");
    await expect(all[3]).rejects.toBeInstanceOf(StaleKeyError);
  });

  test("a call that fails does not fail the other one in a group of two", async () => {
    const ask = coalesce(async (items: readonly number[]) => {
      if (items.includes(0)) throw new Error("a mistake");
      return items;
    });
    expect(await statuses([ask(0), ask(1)])).toEqual(["rejected", "fulfilled"]);
  });

  test("when the database is away all calls are rejected, and nothing is run again", async () => {
    const groups: (readonly number[])[] = [];
    const run = async (items: readonly number[]) => {
      groups.push(items);
      await setImmediate();
      throw away();
    };
    const ask = coalesce(run);
    expect(await statuses(numbers(77).map(ask))).toEqual(numbers(77).map(() => "rejected"));
    expect(groups).toHaveLength(1);
    expect(new Set(groups.flat()).size).toBe(groups.flat().length);
  });

  test("a call after a failure succeeds", async () => {
    let isAway = true;
    const ask = coalesce(async (items: readonly number[]) => {
      if (isAway) throw away();
      return items;
    });
    await expect(ask(1)).rejects.toBeInstanceOf(UnavailableError);
    isAway = false;
    expect(await ask(2)).toBe(2);
  });

  test("ten thousand calls may wait, and further ones are rejected", async () => {
    const { run, turns, endAll } = createWork();
    const all = numbers(10_001).map(coalesce(run));
    const outcome = statuses(all);
    await turns();
    await endAll();
    expect((await outcome).filter((status) => status === "rejected")).toHaveLength(1);
    await expect(all.at(-1)).rejects.toBeInstanceOf(UnavailableError);
  });
});
