import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RedisConnection } from "../../../src/adapters/redis/connection.ts";
import { REBUILT } from "../../../src/adapters/redis/limit-take.ts";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { fresh, MINUTE, NOW } from "../../contracts/samples.ts";
import { connectTo, type RedisServer, startRedis } from "../../support/redis.ts";

describe("what Redis says of guesses that went to the ledger", () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectTo(server.url);
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  test("is nothing where none did, and unknown for a while where something that was lost was put back", async () => {
    const limits = createRedisLimitStore(redis);
    const take = (epoch: string) =>
      limits.take(
        {
          member: fresh("member"),
          checks: [],
          lease: { key: fresh("guesses"), wanted: 1, cap: 9, expiresAt: NOW + MINUTE },
          epoch,
        },
        NOW,
      );
    await limits.seed("new", [{ events: [] }]);
    expect(await take("new")).toMatchObject({ ok: true, steady: true });
    const lost = { events: [{ key: fresh("key"), member: "m", at: NOW }] };
    await limits.seed("lost", [lost, { events: [] }]);
    const taken = await take("lost");
    expect(taken).toMatchObject({ ok: true, leased: 1 });
    expect(taken).not.toHaveProperty("steady");
    await redis.nodes().then(([node]) => node?.("DEL", REBUILT));
    expect(await take("lost")).toMatchObject({ ok: true, steady: true });
  });

  test("is not forgotten earlier because one of a lease that ends before comes after it", async () => {
    const limits = createRedisLimitStore(redis);
    const key = fresh("guesses");
    const leaseOn = (expiresAt: number) => {
      return { member: fresh("member"), checks: [], lease: { key, wanted: 1, cap: 9, expiresAt } };
    };
    const [early, late] = [leaseOn(NOW + MINUTE), leaseOn(NOW + 5 * MINUTE)];
    await limits.take(early, NOW);
    await limits.take(late, NOW);
    await limits.release(key, late.member, 1);
    await limits.release(key, early.member, 1);
    const taken = await limits.take(leaseOn(NOW + 9 * MINUTE), NOW + 2 * MINUTE);
    expect(taken).toMatchObject({ ok: true });
    expect(taken).not.toHaveProperty("steady");
  });
});
