import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedis } from "../support/services/redis.ts";
import { bearer, createWorld } from "../support/world.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test("Redis never has a number, and forgets its tag with the limits' windows (T56)", async () => {
  const phone = "+8613987654321";
  const world = await createWorld({ env: { STATE_URL: server.url } });
  const { accessToken } = await world.signIn(phone);
  world.clock.advance(60_000);
  const headers = bearer(accessToken);
  const started = await world.post("/v1/verifications", { purpose: "delete_account" }, headers);
  const { id: verificationId } = (await started.json()) as { id: string };
  const erased = await world.request("/v1/me", {
    method: "DELETE",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ verificationId, code: world.sms.lastCode(phone) }),
  });
  expect(erased.status).toBe(204);
  const keys = server.command("keys", "*").trim().split("\n").filter(Boolean);
  const values = keys.map((key) => {
    const kind = server.command("type", key).trim();
    const read: Record<string, string[]> = {
      string: ["get", key],
      hash: ["hgetall", key],
      zset: ["zrange", key, "0", "-1"],
      set: ["smembers", key],
    };
    return server.command(...(read[kind] ?? ["type", key]));
  });
  expect(`${keys.join("\n")}\n${values.join("\n")}`).not.toContain("13987654321");
  // A key that names a tag expires by itself, at the latest two days after it was last counted.
  const lasting = keys.filter((key) => Number(server.command("ttl", key)) < 0);
  expect(lasting.filter((key) => /sends:|guesses:|unconverted:|notices:|verification/.test(key))).toEqual([]);
  const longest = Math.max(...keys.map((key) => Number(server.command("ttl", key))));
  expect(longest).toBeLessThanOrEqual(2 * 86_400);
  await world.close();
});
