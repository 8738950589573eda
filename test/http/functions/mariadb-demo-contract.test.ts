import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasMariadb, newDatabase } from "../../support/services/mysql.ts";
import { hasRedis, type RedisServer, startRedis } from "../../support/services/redis.ts";
import { createWorld, type World } from "../../support/world.ts";
import { createFunctionsClient } from "./client.ts";
import { demoContract } from "./contract.ts";
import { NO_SESSION, openStage } from "./stage.ts";

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

  describe("when a store fails", () => {
    let world: World;
    let name: string;
    beforeAll(async () => {
      const { host, port, user, database } = await newDatabase();
      name = database;
      const DATABASE_URL = `mysql://${user}@${host}:${port}/${database}`;
      world = await createWorld({ env: { DATABASE_URL, STATE_URL: redis.url } });
    });
    afterAll(() => world.close());

    test("codes are answered -1003 while Redis is killed, and sent once it is back; tokens still sign in", async () => {
      const client = createFunctionsClient(() => world, "198.51.100.1");
      const { token } = await client.signedIn("13800138001");
      await redis.kill();
      const refused = await client.getSms("13800138002");
      expect(refused).toMatchObject({
        errorCode: -1003,
        data: { codeStr: "unavailable", retryAfter: expect.any(Number) },
      });
      expect((await client.login("13800138002", "123456", NO_SESSION)).errorCode).toBe(-1003);
      expect((await client.tokenLogin("13800138001", token)).errorCode).toBe(0);
      await redis.restart();
      const code = async () => (await client.getSms("13800138002")).errorCode;
      await expect.poll(code, { timeout: 15_000 }).toBe(0);
    });

    test("killed connections to MariaDB are answered -1003 at worst, and soon 0 again (D10)", async () => {
      const client = createFunctionsClient(() => world, "198.51.100.2");
      const { token } = await client.signedIn("13800138003");
      const open = await asRoot(`SELECT id FROM information_schema.processlist WHERE db = '${name}'`);
      await asRoot(...open.map(({ id }) => `KILL ${id}`));
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => client.tokenLogin("13800138003", token)),
      );
      for (const { errorCode } of answers) expect([0, -1003]).toContain(errorCode);
      const code = async () => (await client.tokenLogin("13800138003", token)).errorCode;
      await expect.poll(code, { timeout: 15_000 }).toBe(0);
    });
  });
});
