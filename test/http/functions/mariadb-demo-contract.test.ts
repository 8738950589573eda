import { afterAll, beforeAll, describe } from "vitest";
import { asRoot, hasMariadb, newDatabase } from "../../support/mysql.ts";
import { hasRedis, type RedisServer, startRedis } from "../../support/redis.ts";
import { demoContract } from "./contract.ts";
import { openStage } from "./stage.ts";

describe.runIf(hasMariadb() && hasRedis())("with two instances that share their stores", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  demoContract("on MariaDB and Redis", async () => {
    const { host, port, user, database } = await newDatabase();
    const env = { DATABASE_URL: `mysql://${user}@${host}:${port}/${database}`, STATE_URL: redis.url };
    return await openStage({ env }, async (_world, statement) => {
      await asRoot(`USE ${database}`, statement);
    });
  });
});
