import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { RedisConnection } from "../../src/adapters/redis/connection.ts";
import { checkNodes } from "../../src/adapters/redis/doctor.ts";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { migrateDatabase } from "../../src/compose.ts";
import type { Finding } from "../../src/core/maintenance/ports.ts";
import { listen } from "../support/listen.ts";
import { type RedisServer, startRedis, startRedisCluster } from "../support/services/redis.ts";
import { testConfig } from "../support/world.ts";

const SECOND = 1_000;

describe("the doctor, on Redis", () => {
  let server: RedisServer;
  let folder: string;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    server.command("config", "set", "maxmemory-policy", "noeviction");
    server.command("config", "set", "requirepass", "");
    server.command("replicaof", "no", "one");
  });

  const examine = async (url = server.url, clock = { now: () => Date.now() }) => {
    const config = testConfig(folder, { STATE_URL: url });
    await migrateDatabase(config);
    const findings = await examineParts(config, { folder, clock });
    return findings.filter(({ name }) => name.startsWith("Redis"));
  };
  const troubles = async (url?: string, clock?: { now(): number }) =>
    (await examine(url, clock)).filter(({ status }) => status !== "ok");

  test("finds nothing wrong with a sound Redis, and leaves nothing in it for long", async () => {
    const findings = await examine();
    expect(findings.map(({ name, status }) => [name, status])).toEqual([
      ["Redis, encryption", "ok"],
      ["Redis, version", "ok"],
      ["Redis, memory", "ok"],
      ["Redis, persistence", "ok"],
      ["Redis, role", "ok"],
      ["Redis, clock", "ok"],
      ["Redis", "ok"],
    ]);
    await expect.poll(() => server.command("dbsize").trim(), { timeout: 3 * SECOND }).toBe("0");
  });

  test.each(["allkeys-lru", "volatile-ttl"])("finds a Redis that evicts keys (%s)", async (policy) => {
    server.command("config", "set", "maxmemory-policy", policy);
    expect(await troubles()).toMatchObject([
      { name: "Redis, memory", status: "wrong", todo: "Set maxmemory-policy to noeviction." },
    ]);
  });

  test.each([
    [4, "ok"],
    [-4, "ok"],
    [6, "warn"],
    [-30, "warn"],
    [61, "wrong"],
    [-3_600, "wrong"],
  ])("judges clocks that are %i s apart: %s", async (seconds, status) => {
    const clock = { now: () => Date.now() + seconds * SECOND };
    const found = (await examine(server.url, clock)).find(({ name }) => name === "Redis, clock");
    expect(found).toMatchObject({ status });
    if (status !== "ok") expect(found?.says).toMatch(seconds > 0 ? /\d s behind/ : /\d s ahead of/);
  });

  test("finds a missing and a wrong password", async () => {
    server.command("config", "set", "requirepass", "a-password-of-redis");
    const said: Finding[] = [];
    for (const login of ["", ":another@"]) {
      const found = await troubles(server.url.replace("//", `//${login}`));
      expect(found).toMatchObject([
        { name: "Redis", status: "wrong", says: expect.stringContaining("password") },
      ]);
      said.push(...found);
    }
    expect(JSON.stringify(said)).not.toContain("another@");
    expect(await troubles(server.url.replace("//", "//:a-password-of-redis@"))).toEqual([]);
    server.command("-a", "a-password-of-redis", "config", "set", "requirepass", "");
  }, 30_000);

  test("finds a user who lacks a right", async () => {
    server.command("acl", "setuser", "reader", "on", ">secret", "~*", "+@all", "-set");
    expect(await troubles(server.url.replace("//", "//reader:secret@"))).toMatchObject([
      {
        name: "Redis",
        status: "wrong",
        says: expect.stringContaining("lacks a right"),
        todo: "See Redis in docs/running.md.",
      },
    ]);
  });

  test("finds a replica, which takes no writes", async () => {
    const master = await startRedis();
    onTestFinished(() => master.stop());
    server.command("replicaof", "127.0.0.1", String(master.port));
    const found = await troubles();
    expect(found).toMatchObject([
      { name: "Redis, role", status: "wrong", says: expect.stringContaining("takes no writes") },
      { name: "Redis", status: "wrong", says: expect.stringContaining("takes no writes") },
    ]);
  });

  test("finds that nothing listens, and that a host is unknown", async () => {
    expect(await troubles("redis://127.0.0.1:1")).toMatchObject([
      {
        name: "Redis",
        status: "wrong",
        says: "Redis is unavailable: nothing accepts connections at its address",
        todo: "Check STATE_URL.",
      },
    ]);
    expect(await troubles("redis://nowhere.invalid")).toMatchObject([
      { name: "Redis", status: "wrong", says: "Redis is unavailable: its host name is not known" },
    ]);
  }, 30_000);

  test("asks a Redis that hangs up only once", async () => {
    let connections = 0;
    const hangsUp = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const port = await listen(hangsUp);
    expect(await troubles(`redis://127.0.0.1:${port}`)).toMatchObject([{ name: "Redis", status: "wrong" }]);
    expect(connections).toBe(1);
  });

  test("finds that the server has no TLS", async () => {
    expect(await troubles(server.url.replace("redis:", "rediss:"))).toMatchObject([
      { name: "Redis", status: "wrong" },
    ]);
  }, 30_000);

  test("checks every node of a cluster, and finds a cluster that is configured as a single server", async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    const findings = await examine(cluster.url);
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(findings.filter(({ says }) => says === "serves all slots")).toHaveLength(3);
    const [first = ""] = cluster.url.replace("redis+cluster:", "redis:").split(",");
    expect(await troubles(first)).toContainEqual(
      expect.objectContaining({ status: "wrong", todo: expect.stringContaining("redis+cluster://") }),
    );
  }, 60_000);

  test("finds a single server that is configured as a cluster", async () => {
    const found = await troubles(server.url.replace("redis:", "redis+cluster:"));
    expect(found).toMatchObject([{ name: "Redis", status: "wrong" }]);
  }, 30_000);
});

describe("the doctor, on versions of Redis that do not run here", () => {
  const versionOf = async (info: string) => {
    const answers: Record<string, unknown> = { INFO: info, TIME: ["0", "0"] };
    const node = async (word = "") => answers[word];
    const redis: RedisConnection = {
      run: async () => "written",
      ping: async () => {},
      nodes: async () => [node],
      isOpen: () => true,
      close: async () => {},
    };
    const options = { clock: { now: () => 0 }, isCluster: false, isEncrypted: false };
    return (await checkNodes(redis, options)).find(({ name }) => name === "Redis, version");
  };

  test.each([
    ["redis_version:5.0.14", "wrong"],
    ["redis_version:6.0.16", "wrong"],
    ["redis_version:6.2.0", "ok"],
    ["redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1", "ok"],
    ["redis_version:8.0.0", "ok"],
    ["", "wrong"],
  ])("judges %j: %s", async (info, status) => {
    expect(await versionOf(info)).toMatchObject({ status });
  });
});
