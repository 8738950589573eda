import { afterAll, beforeAll } from "vitest";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { createRedisVerificationStore } from "../../../src/adapters/redis/verifications.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { verificationStoreContract } from "../../contracts/verification-store.ts";
import { connectTo, type RedisServer, startRedis } from "../../support/services/redis.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const forgetsByItself = { forgetsByItself: true };

verificationStoreContract(
  "Redis",
  async () => {
    const redis = await connectTo(server.url);
    return { store: createRedisVerificationStore(redis), close: () => redis.close() };
  },
  forgetsByItself,
);

limitStoreContract(
  "Redis",
  async () => {
    const redis = await connectTo(server.url);
    return { store: createRedisLimitStore(redis), close: () => redis.close() };
  },
  forgetsByItself,
);
