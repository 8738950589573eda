import { afterAll, beforeAll } from "vitest";
import type { RedisConnection } from "../../../src/adapters/redis/connection.ts";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import type { LimitStore } from "../../../src/core/protection/limits/ports.ts";
import { connectTo, type RedisServer, startRedis } from "../../support/services/redis.ts";

/** A Redis for the tests of the enclosing block, and what they do with it. */
export interface OwnRedis {
  readonly server: RedisServer;
  readonly redis: RedisConnection;
  readonly limits: LimitStore;
  command(...words: readonly string[]): Promise<unknown>;
}

/** Runs from the first test of the block to the last. */
export function useRedis(): OwnRedis {
  let server: RedisServer;
  let redis: RedisConnection;
  let limits: LimitStore;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectTo(server.url);
    limits = createRedisLimitStore(redis);
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
    get limits() {
      return limits;
    },
    command: async (...words) => (await redis.nodes())[0]?.(...words),
  };
}
