import { describe, expect, test } from "vitest";
import { sumsKey } from "../../../src/adapters/redis/limit-take.ts";
import type { Limit } from "../../../src/core/protection/limits/ports.ts";
import { SLOTS, sumKey } from "../../../src/core/protection/limits/sums.ts";
import { fresh, MINUTE, NOW } from "../../contracts/samples.ts";
import { useRedis } from "./use-redis.ts";

const HOUR = 60 * MINUTE;

describe("the Redis commands of limits", () => {
  const at = useRedis();

  /** How often scripts called each command while `work` ran. */
  const called = async (work: () => Promise<unknown>) => {
    at.server.command("config", "resetstat");
    await work();
    const stats = at.server.command("info", "commandstats");
    const counts = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, calls]) => [name, calls]);
    return Object.fromEntries(counts.filter(([name]) => !/^(evalsha|eval|config|info)$/.test(`${name}`)));
  };

  const take = (limits: readonly Limit[], now = NOW, member = fresh("member")) =>
    at.limits.take({ member, limits }, now);
  const window = (key: string): Limit => ({ name: key, key, windows: [{ max: 5, windowMs: HOUR }] });
  const budget = (key: string, max = 100): Limit => {
    return { name: key, key, amount: 7, windows: [{ max, windowMs: HOUR }] };
  };

  test("a take on an empty key is one read, one event and one time to live", async () => {
    await take([window(fresh("any"))]);
    expect(await called(() => take([window(fresh("key"))]))).toEqual({ zcard: "1", zadd: "1", pexpire: "1" });
  });

  test("a take on a sum with room reads its values only; the first in a slot also looks at the slots and the time to live", async () => {
    const limit = budget(fresh("budget"));
    await take([limit]);
    expect(await called(() => take([limit]))).toEqual({ hvals: "1", hincrby: "1" });
    const first = { hvals: "1", hincrby: "1", hkeys: "1", pexpire: "1" };
    expect(await called(() => take([limit], NOW + MINUTE))).toEqual(first);
  });

  test("an approval calls each command once for a key, and forgets before it forgives", async () => {
    const [own, both, other] = [fresh("own"), fresh("both"), fresh("other")];
    const member = fresh("member");
    await take([window(both), window(other)], NOW - 2);
    await take([window(both)], NOW - 1);
    await take([window(own), window(both)], NOW, member);
    const release = { key: fresh("guesses"), member, count: 3 };
    const settled = () =>
      at.limits.settle({
        forget: { keys: [own, both], members: [member] },
        forgive: [both, other, both],
        release,
      });
    expect(await called(settled)).toEqual({ hget: "1", zrem: "2", zremrangebyrank: "2" });
    const left = (key: string) => at.command("ZCARD", `phonekey:{limits}:events:${key}`);
    expect(await Promise.all([own, both, other].map(left))).toEqual([0, 1, 0]);
  });

  test("a sum is kept longer than its window, and has slots for at most its window and a third more", async () => {
    const limit = budget(fresh("budget"), 1_000_000);
    const key = sumsKey(sumKey({ key: limit.key, windowMs: HOUR }));
    for (let n = 0; n < 2 * SLOTS; n += 1) {
      await at.command("PEXPIRE", key, String(HOUR));
      await take([limit], NOW + n * MINUTE);
      expect(await at.command("PTTL", key)).toBeGreaterThan(1.9 * HOUR);
    }
    expect(await at.command("HLEN", key)).toBe(SLOTS + 21);
  });
});
