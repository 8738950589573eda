import { describe, expect, test } from "vitest";
import { READ_HISTORY } from "../../../src/adapters/redis/limit-scripts.ts";
import { EPOCHS, REBUILT } from "../../../src/adapters/redis/limit-take.ts";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { fresh, MINUTE, NOW } from "../../contracts/samples.ts";
import { useRedis } from "./use-redis.ts";

describe("a take on Redis (`steady`: no guess on its key went to the ledger lately)", () => {
  const at = useRedis();

  test("is steady if no guess went there, and is not for a while after lost counts were put back", async () => {
    const take = (epoch: string) =>
      at.limits.take(
        {
          member: fresh("member"),
          limits: [],
          lease: { key: fresh("guesses"), wanted: 1, cap: 9, expiresAt: NOW + MINUTE },
          epoch,
        },
        NOW,
      );
    await at.limits.seed("new", [{ events: [] }]);
    expect(await take("new")).toMatchObject({ ok: true, steady: true });
    const lost = { events: [{ key: fresh("key"), member: "m", at: NOW }] };
    await at.limits.seed("lost", [lost, { events: [] }]);
    const taken = await take("lost");
    expect(taken).toMatchObject({ ok: true, leased: 1 });
    expect(taken).not.toHaveProperty("steady");
    await at.command("DEL", REBUILT);
    expect(await take("lost")).toMatchObject({ ok: true, steady: true });
  });

  test("is not steady until the later of two leases ends, though the earlier one was released last", async () => {
    const key = fresh("guesses");
    const leaseOn = (expiresAt: number) => {
      return { member: fresh("member"), limits: [], lease: { key, wanted: 1, cap: 9, expiresAt } };
    };
    const [early, late] = [leaseOn(NOW + MINUTE), leaseOn(NOW + 5 * MINUTE)];
    await at.limits.take(early, NOW);
    await at.limits.take(late, NOW);
    await at.limits.release(key, late.member, 1);
    await at.limits.release(key, early.member, 1);
    const taken = await at.limits.take(leaseOn(NOW + 9 * MINUTE), NOW + 2 * MINUTE);
    expect(taken).toMatchObject({ ok: true });
    expect(taken).not.toHaveProperty("steady");
  });
});

describe("a Redis that took over from another one while lost counts were put back (T16)", () => {
  const at = useRedis();

  test("is still unseeded", async () => {
    let history: unknown = "0";
    const limits = createRedisLimitStore({
      ...at.redis,
      run: async (script, ...call) =>
        script === READ_HISTORY ? history : await at.redis.run(script, ...call),
    });
    const epoch = fresh("epoch");
    async function* pages() {
      yield { events: [] };
      history = await at.redis.run(READ_HISTORY, [EPOCHS], []);
    }
    await limits.seed(epoch, pages());
    expect(await limits.seeded(epoch)).toBe(false);
    await limits.seed(epoch, pages());
    expect(await limits.seeded(epoch)).toBe(true);
  });
});
