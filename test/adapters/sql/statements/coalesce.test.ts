import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { coalesce } from "../../../../src/adapters/sql/statements/coalesce.ts";
import { StaleKeyError, UnavailableError } from "../../../../src/core/refusals.ts";

/** Time stands still: on a busy machine any group may be under way for long. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** Work that goes on when it is told to. */
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

describe("what several ask for at the same time", () => {
  test("goes together, and each gets what is theirs", async () => {
    const { groups, run, turns, endAll } = createWork();
    const ask = coalesce(run);
    const all = Promise.all(numbers(8).map(ask));
    await turns();
    expect(groups).toEqual([numbers(8)]);
    await endAll();
    expect(await all).toEqual(numbers(8).map((n) => n * 10));
  });

  test("goes in groups of 1, 2, 3, 4, 6, 8, 12, 16, 24 or 32", async () => {
    const { groups, run, turns, endAll } = createWork();
    const all = Promise.all(numbers(92).map(coalesce(run)));
    await turns();
    await endAll();
    await all;
    expect(groups.map(({ length }) => length)).toEqual([32, 32, 24, 4]);
  });

  test("is not answered before it is done, and one group is under way", async () => {
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

  test("whoever comes while others wait is in the next group", async () => {
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

  test("who comes alone does not wait", async () => {
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

  test("nobody waits long for a group that is held up", async () => {
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

  test("nor does whoever came before it was held up, if nobody comes after", async () => {
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

  test("nor does anybody go beside groups that follow each other, however long these take together", async () => {
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
  ])("at most $lanes are under way, however long they take", async ({ lanes, options }) => {
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

  test("one caller's mistake, or an old key of theirs, is nobody else's", async () => {
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

  test("nor where there are but two", async () => {
    const ask = coalesce(async (items: readonly number[]) => {
      if (items.includes(0)) throw new Error("a mistake");
      return items;
    });
    expect(await statuses([ask(0), ask(1)])).toEqual(["rejected", "fulfilled"]);
  });

  test("nothing is done twice where the database was away, and whoever waits is told, too", async () => {
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

  test("serves again after a failure", async () => {
    let isAway = true;
    const ask = coalesce(async (items: readonly number[]) => {
      if (isAway) throw away();
      return items;
    });
    await expect(ask(1)).rejects.toBeInstanceOf(UnavailableError);
    isAway = false;
    expect(await ask(2)).toBe(2);
  });

  test("lets ten thousand wait, and turns further ones away", async () => {
    const { run, turns, endAll } = createWork();
    const all = numbers(10_001).map(coalesce(run));
    const outcome = statuses(all);
    await turns();
    await endAll();
    expect((await outcome).filter((status) => status === "rejected")).toHaveLength(1);
    await expect(all.at(-1)).rejects.toBeInstanceOf(UnavailableError);
  });
});
