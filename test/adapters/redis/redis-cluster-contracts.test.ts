import { afterAll, beforeAll } from "vitest";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { createRedisVerificationStore } from "../../../src/adapters/redis/verifications.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { verificationStoreContract } from "../../contracts/verification-store.ts";
import { connectTo, startRedisCluster } from "../../support/services/redis.ts";

let server: Awaited<ReturnType<typeof startRedisCluster>>;
beforeAll(async () => {
  server = await startRedisCluster();
});
afterAll(() => server.stop());

const forgetsByItself = { forgetsByItself: true };

verificationStoreContract(
  "Redis Cluster",
  async () => {
    const redis = await connectTo(server.url);
    return { store: createRedisVerificationStore(redis), close: () => redis.close() };
  },
  forgetsByItself,
);

limitStoreContract(
  "Redis Cluster",
  async () => {
    const redis = await connectTo(server.url);
    return { store: createRedisLimitStore(redis), close: () => redis.close() };
  },
  forgetsByItself,
);
