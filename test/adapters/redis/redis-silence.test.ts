import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type RedisConnection, type RedisOptions, script } from "../../../src/adapters/redis/connection.ts";
import { createOnDemandRedis } from "../../../src/adapters/redis/on-demand.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { connectTo, startRedis, startRedisCluster } from "../../support/redis.ts";
import { startProxy } from "../../support/tcp-proxy.ts";

const TIMEOUT_MS = 300;
/** Long before the kernel finds such a connection lost. */
const SOON = { timeout: 5_000, interval: 50 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startBehindProxy() {
  const server = await startRedis();
  ends.push(() => server.stop());
  const proxy = await startProxy({ host: "127.0.0.1", port: server.port });
  ends.push(() => proxy.close());
  const errors: unknown[] = [];
  const url = `redis://127.0.0.1:${proxy.port}`;
  const connect = (options?: RedisOptions) =>
    connectTo(url, { timeoutMs: TIMEOUT_MS, onError: (error) => errors.push(error), ...options });
  const connections = () =>
    server
      .command("client", "list")
      .split("\n")
      .filter((line) => line && !line.includes("cmd=client")).length;
  return { proxy, connect, errors, connections };
}

const succeeds = (call: Promise<unknown>) =>
  call.then(
    () => true,
    () => false,
  );

describe("a connection on which nothing comes any more", () => {
  test("is replaced while there is traffic, and told of", async () => {
    const { proxy, connect, errors, connections } = await startBehindProxy();
    const redis = await connect();
    ends.push(() => redis.close());
    proxy.swallow();
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    expect(errors).toHaveLength(1);
    await expect.poll(connections, SOON).toBe(2);
    await redis.close();
    // The proxy holds the end of the one that was swallowed.
    await expect.poll(connections, SOON).toBe(1);
  });

  test("is kept where the server answers late, and where it comes back", async () => {
    const { proxy, connect, connections } = await startBehindProxy();
    const redis = await connect();
    ends.push(() => redis.close());
    proxy.delay(0.9 * TIMEOUT_MS);
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    proxy.delay(0);
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    expect(connections()).toBe(1);
    proxy.freeze();
    const until = performance.now() + 8 * TIMEOUT_MS;
    while (performance.now() < until) expect(await succeeds(redis.ping())).toBe(false);
    proxy.thaw();
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    await expect.poll(connections, SOON).toBe(1);
  });

  test("is not replaced any more once it was closed", async () => {
    const { proxy, connect, connections } = await startBehindProxy();
    const redis = await connect();
    proxy.swallow();
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    await redis.close();
    await sleep(4 * TIMEOUT_MS);
    expect(connections()).toBe(1);
  });

  test("is replaced by the next call where it is made on demand, whatever traffic there is", async () => {
    const { proxy, connect } = await startBehindProxy();
    const redis = createOnDemandRedis(() => connect({ reconnects: false }));
    ends.push(() => redis.close());
    await redis.ping();
    proxy.swallow();
    const calls = Array.from({ length: 5 }, () => redis.ping());
    for (const call of calls) await expect(call).rejects.toBeInstanceOf(UnavailableError);
    await redis.ping();
  });
});

test("a master's connection is replaced where Sentinels watch it", async () => {
  const { proxy } = await startBehindProxy();
  const folder = mkdtempSync(join(tmpdir(), "phonekey-sentinel-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const sentinelFile = join(folder, "sentinel.conf");
  writeFileSync(sentinelFile, `sentinel monitor phones 127.0.0.1 ${proxy.port} 1`);
  const sentinel = await startRedis({ sentinelFile });
  ends.push(() => sentinel.stop());
  const url = `redis+sentinel://127.0.0.1:${sentinel.port}/phones`;
  const redis = await connectTo(url, { timeoutMs: TIMEOUT_MS });
  ends.push(() => redis.close());
  expect(await succeeds(redis.ping())).toBe(true);
  proxy.swallow();
  await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
  await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
});

test("a cluster's connection to one node is replaced while the other nodes answer", async () => {
  const cluster = await startRedisCluster();
  ends.push(() => cluster.stop());
  const [node] = cluster.nodes;
  if (!node) throw new Error("a cluster without nodes");
  const proxy = await startProxy({ host: "127.0.0.1", port: node.port });
  ends.push(() => proxy.close());
  node.command("config", "set", "cluster-announce-port", String(proxy.port));
  const isKnown = ({ command }: typeof node) => command("cluster", "slots").includes(String(proxy.port));
  await expect.poll(() => cluster.nodes.every(isKnown), { timeout: 20_000 }).toBe(true);

  const redis = await connectTo(cluster.url, { timeoutMs: TIMEOUT_MS });
  ends.push(() => redis.close());
  expect(await answered(redis)).toBe(KEYS.length);
  proxy.swallow();
  const left = await answered(redis);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(KEYS.length);
  await expect.poll(() => answered(redis), SOON).toBe(KEYS.length);
});

const KEYS = Array.from({ length: 30 }, (_, index) => `{key-${index}}`);
const ONE = script("return 1");

async function answered(redis: RedisConnection): Promise<number> {
  const calls = await Promise.all(KEYS.map((key) => succeeds(redis.run(ONE, [key], []))));
  return calls.filter(Boolean).length;
}
