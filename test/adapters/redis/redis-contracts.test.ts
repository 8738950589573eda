import { startRedis } from "../../support/services/redis.ts";
import { redisStoreContracts } from "./store-contracts.ts";

redisStoreContracts("Redis", startRedis);
