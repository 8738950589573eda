import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hasMariadb, newDatabase } from "../../support/services/mysql.ts";
import { hasRedis, type RedisServer, startRedis } from "../../support/services/redis.ts";
import { startSiteverify } from "../../support/siteverify.ts";
import { createWorld } from "../../support/world.ts";

const KEYS = { siteKey: "site", secretKey: "secret" };
const STARTS = 24;
/** Each of another range, so that only the solution is shared. */
const phoneNo = (n: number) => `+86138${String(n).padStart(4, "0")}0000`;

describe.runIf(hasMariadb() && hasRedis())("a solved challenge that is sent to two instances at once", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test.each(["mariadb", "redis"])("counts once if the state is in %s", async (state) => {
    const service = await startSiteverify({ kind: "turnstile", ...KEYS });
    onTestFinished(service.close);
    const { host, port, user, database } = await newDatabase();
    const env = {
      DATABASE_URL: `mysql://${user}@${host}:${port}/${database}`,
      ...(state === "redis" && { STATE_URL: redis.url }),
      CAPTCHA: "turnstile",
      CAPTCHA_WHEN: "always",
      CAPTCHA_ENDPOINT: service.url,
      TURNSTILE_SITE_KEY: KEYS.siteKey,
      TURNSTILE_SECRET_KEY: KEYS.secretKey,
      LIMIT_ADDRESS_CHECKS: "unlimited",
    };
    const one = await createWorld({ env });
    onTestFinished(() => one.close());
    const two = await createWorld({ env, clock: one.clock });
    onTestFinished(() => two.close());

    const captcha = { kind: "turnstile", token: service.solve() };
    const answers = await Promise.all(
      Array.from({ length: STARTS }, (_, n) =>
        (n % 2 ? one : two).post("/v1/verifications", { phone: phoneNo(n), captcha }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(STARTS - 1).fill(403)]);
    expect(one.sms.sent.length + two.sms.sent.length).toBe(1);
    // The service accepted each of them: what counts once is our own record.
    expect(service.seen).toHaveLength(STARTS);
  });
});
