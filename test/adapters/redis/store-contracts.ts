import { afterAll, beforeAll } from "vitest";
import { createRedisLimitStore } from "../../../src/adapters/redis/limits.ts";
import { createRedisVerificationStore } from "../../../src/adapters/redis/verifications.ts";
import { limitStoreContract } from "../../contracts/limit-store.ts";
import { verificationStoreContract } from "../../contracts/verification-store.ts";
import { connectTo } from "../../support/services/redis.ts";

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs the contracts of the stores on this Redis, which runs for all tests of the block. Returns its URL. */
export function redisStoreContracts(name: string, start: () => Promise<Server>): () => string {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  const forgetsByItself = { forgetsByItself: true };
  verificationStoreContract(
    name,
    async () => {
      const redis = await connectTo(server.url);
      return { store: createRedisVerificationStore(redis), close: () => redis.close() };
    },
    forgetsByItself,
  );
  limitStoreContract(
    name,
    async () => {
      const redis = await connectTo(server.url);
      return { store: createRedisLimitStore(redis), close: () => redis.close() };
    },
    forgetsByItself,
  );
  return () => server.url;
}
