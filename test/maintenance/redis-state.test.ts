import { join } from "node:path";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { compose } from "../../src/compose.ts";
import { type RedisServer, startRedis } from "../support/services/redis.ts";
import { createWorld, testConfig, type World } from "../support/world.ts";

describe("STATE_URL=redis://…", () => {
  let server: RedisServer;
  let world: World;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    server.command("flushall");
    world = await createWorld({ env: { STATE_URL: server.url, GUARD_MODE: "off" } });
  });
  afterEach(() => world.close());

  const keys = () => server.command("keys", "phonekey:*").trim().split("\n").filter(Boolean);
  const countInDatabase = (table: string) => {
    const file = new Libsql(join(world.folder, "data", "phonekey.db"));
    const { count } = file.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number };
    file.close();
    return count;
  };

  test("a sign-in leaves verifications and limits in Redis, and users in the database", async () => {
    const session = await world.signIn();
    expect(session.created).toBe(true);
    expect(keys().some((key) => key.startsWith("phonekey:{limits}:events:"))).toBe(true);
    expect(countInDatabase("users")).toBe(1);
    for (const table of ["verifications", "limit_journal"]) expect(countInDatabase(table)).toBe(0);
    expect(keys().join()).not.toContain("13800138000");
  });

  test("every key expires by itself except the one that says what was rebuilt", async () => {
    await world.signIn();
    const lasting = keys().filter((key) => Number(server.command("pttl", key)) < 0);
    expect(lasting).toEqual(["phonekey:{limits}:epochs"]);
  });

  test("a Redis user with the rights that docs/running.md names is enough", async () => {
    const rights = ["~phonekey:*", "+@read", "+@write", "+eval", "+evalsha", "+info", "+time"];
    server.command("acl", "setuser", "phonekey", "reset", "on", ">secret", ...rights);
    const STATE_URL = server.url.replace("//", "//phonekey:secret@");
    const other = await createWorld({ env: { STATE_URL } });
    expect((await other.request("/readyz")).status).toBe(200);
    expect((await other.signIn("+8613800138003")).created).toBe(true);
    const findings = await examineParts(other.config, { folder: other.folder });
    expect(findings.filter(({ name, status }) => name.startsWith("Redis") && status !== "ok")).toEqual([]);
    await other.close();
  });

  test("while Redis is away the server is not ready, starts are 503, and it recovers by itself", async () => {
    expect((await world.request("/readyz")).status).toBe(200);
    await server.kill();
    const away = await world.request("/readyz");
    expect(away.status).toBe(503);
    expect(away.headers.get("retry-after")).toMatch(/^\d+$/);
    expect((await world.post("/v1/verifications", { phone: "+8613800138001" })).status).toBe(503);
    expect((await world.request("/healthz")).status).toBe(200);
    expect(world.logged.some((line) => "message" in line && line.message === "Redis was lost")).toBe(true);
    await server.restart();
    await expect.poll(async () => (await world.request("/readyz")).status, { timeout: 10_000 }).toBe(200);
    expect((await world.signIn("+8613800138001")).created).toBe(true);
  }, 30_000);

  test("an empty Redis refills no limit: what was sent is read from the database", async () => {
    const body = { phone: "+8613800138002" };
    let sends = 0;
    // The wait before the next message is over each time; what refuses in the end is the daily limit.
    while ((await world.post("/v1/verifications", body)).status === 201) {
      sends += 1;
      world.clock.advance(65 * 60_000);
    }
    expect(sends).toBe(6);
    await server.restart();
    await expect.poll(async () => (await world.request("/readyz")).status, { timeout: 10_000 }).toBe(200);
    const again = await createWorld({
      env: { STATE_URL: server.url, GUARD_MODE: "off" },
      folder: world.folder,
      clock: world.clock,
    });
    expect((await again.post("/v1/verifications", body)).status).toBe(429);
    await again.close();
  }, 30_000);

  test.each([
    ["is no JSON", (key: string) => [["hset", key, "fixed", "{"]]],
    [
      "is of another kind",
      (key: string) => [
        ["del", key],
        ["set", key, "x"],
      ],
    ],
  ])("a verification that %s does not stop other starts when limits are put back", async (_, damage) => {
    const started = await world.post("/v1/verifications", { phone: "+8613800138004" });
    const { id } = (await started.json()) as { id: string };
    for (const words of damage(`phonekey:{${id}}`)) server.command(...words);
    server.command(
      "eval",
      "for _, k in ipairs(redis.call('keys', 'phonekey:{limits}:*')) do redis.call('del', k) end",
      "0",
    );
    expect((await world.post("/v1/verifications", { phone: "+8613800138005" })).status).toBe(201);
    const told = expect.objectContaining({ message: expect.stringContaining("could not be read") });
    expect(world.logged).toEqual(expect.arrayContaining([told]));
  });

  test("the server does not start without Redis, and says so", async () => {
    const config = testConfig(world.folder, { STATE_URL: "redis://127.0.0.1:1" });
    await expect(compose(config, { log: quiet(), assets: noAssets() })).rejects.toThrow(
      "Redis is unavailable",
    );
  }, 30_000);
});

function quiet() {
  return { info: () => {}, warn: () => {}, error: () => {} };
}

function noAssets() {
  return { script: "", style: "", read: () => undefined };
}
