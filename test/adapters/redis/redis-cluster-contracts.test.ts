import { startRedisCluster } from "../../support/services/redis.ts";
import { redisStoreContracts } from "./store-contracts.ts";

redisStoreContracts("Redis Cluster", startRedisCluster);
