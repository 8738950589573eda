import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type RedisConnection, type RedisOptions, script } from "../../../src/adapters/redis/connection.ts";
import { createOnDemandRedis } from "../../../src/adapters/redis/on-demand.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { connectTo, type RedisServer, startRedis, startRedisCluster } from "../../support/services/redis.ts";
import { startProxy } from "../../support/services/tcp-proxy.ts";

/** Long enough to connect on a busy machine. */
const TIMEOUT_MS = 600;
/** Long before the kernel takes such a connection for lost. */
const SOON = { timeout: 15_000, interval: 50 };

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
  return { server, proxy, connect, errors, connections: () => connectionsTo(server) };
}

/** One of the nodes is known only by the address of the proxy. */
async function startClusterBehindProxy(holds: (node: RedisServer) => boolean) {
  const cluster = await startRedisCluster();
  ends.push(() => cluster.stop());
  const node = cluster.nodes.find(holds);
  if (!node) throw new Error("a cluster without such a node");
  const proxy = await startProxy({ host: "127.0.0.1", port: node.port });
  ends.push(() => proxy.close());
  node.command("config", "set", "cluster-announce-port", String(proxy.port));
  const isKnown = ({ command }: RedisServer) => command("cluster", "slots").includes(String(proxy.port));
  await expect.poll(() => cluster.nodes.every(isKnown), { timeout: 20_000 }).toBe(true);
  const connections = () => cluster.nodes.map(connectionsTo).reduce((sum, each) => sum + each);
  return { url: cluster.url, proxy, connections };
}

const connectionsTo = (server: RedisServer) =>
  server
    .command("client", "list")
    .split("\n")
    // Neither this command's own nor that of a replica to its master.
    .filter((line) => line && !/cmd=client| flags=[MS]/.test(line)).length;

const succeeds = (call: Promise<unknown>) =>
  call.then(
    () => true,
    () => false,
  );

describe("a Redis connection that has gone silent", () => {
  test("is replaced while there is traffic, and reported once", async () => {
    const { proxy, connect, errors, connections } = await startBehindProxy();
    const redis = await connect();
    ends.push(() => redis.close());
    proxy.swallow();
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    expect(errors).toHaveLength(1);
    await expect.poll(connections, SOON).toBe(2);
    await redis.close();
    // The proxy holds the end of the one that has gone silent.
    await expect.poll(connections, SOON).toBe(1);
  });

  test("is kept if the server answers late, and works again when the server comes back", async () => {
    const { proxy, connect, connections, errors } = await startBehindProxy();
    const redis = await connect();
    ends.push(() => redis.close());
    proxy.delay(0.9 * TIMEOUT_MS);
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    proxy.delay(0);
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    expect(connections()).toBe(1);
    proxy.freeze();
    const until = performance.now() + 10 * TIMEOUT_MS;
    while (performance.now() < until) expect(await succeeds(redis.ping())).toBe(false);
    // Each attempt to replace it may leave something open while the server hangs.
    expect(errors).toHaveLength(1);
    proxy.thaw();
    await expect.poll(() => succeeds(redis.ping()), SOON).toBe(true);
    await expect.poll(connections, SOON).toBe(1);
  });

  test("is not replaced after it was closed", async () => {
    const { proxy, connect, connections } = await startBehindProxy();
    const redis = await connect();
    proxy.swallow();
    await expect(redis.ping()).rejects.toBeInstanceOf(UnavailableError);
    await redis.close();
    await sleep(4 * TIMEOUT_MS);
    expect(connections()).toBe(1);
  });

  test("is replaced by the next call if it is made on demand, however many calls wait", async () => {
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

describe("a Redis connection to a server that was made a replica", () => {
  test.each([
    { name: "kept up", onDemand: false },
    { name: "made on demand", onDemand: true },
  ])("is replaced by one to the server that the name leads to now: $name", async ({ onDemand }) => {
    const { server, proxy, connect, connections } = await startBehindProxy();
    const redis = onDemand ? createOnDemandRedis(() => connect({ reconnects: false })) : await connect();
    ends.push(() => redis.close());
    await redis.run(WRITE, ["{key}"], []);
    const master = await startRedis();
    ends.push(() => master.stop());
    server.command("replicaof", "127.0.0.1", String(master.port));
    await expect(redis.run(WRITE, ["{key}"], [])).rejects.toBeInstanceOf(UnavailableError);
    proxy.move(master.port);
    await expect.poll(() => succeeds(redis.run(WRITE, ["{key}"], [])), SOON).toBe(true);
    expect(master.command("get", "{key}")).toBe("written\n");
    await expect.poll(connections, SOON).toBe(0);
    expect(connectionsTo(master)).toBe(1);
  });
});

test("a silent connection to a master that Sentinels watch is replaced", async () => {
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

describe("one of a cluster's Redis connections that has gone silent", () => {
  test.each([
    { name: "kept up", onDemand: false },
    { name: "made on demand", onDemand: true },
  ])("is replaced while the other nodes answer: $name", async ({ onDemand }) => {
    // Whether an on-demand connection still works is asked of the node that holds {ping}.
    const { url, proxy } = await startClusterBehindProxy((node) => !holdsPing(node));
    const connect = () => connectTo(url, { timeoutMs: TIMEOUT_MS, reconnects: !onDemand });
    const redis = onDemand ? createOnDemandRedis(connect) : await connect();
    ends.push(() => redis.close());
    expect(await answered(redis)).toBe(KEYS.length);
    proxy.swallow();
    const left = await answered(redis);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(KEYS.length);
    await expect.poll(() => answered(redis), SOON).toBe(KEYS.length);
  });

  test("leaves none behind if the first node answers after it was given up", async () => {
    const { proxy, connections } = await startClusterBehindProxy(() => true);
    const redis = await connectTo(`redis+cluster://127.0.0.1:${proxy.port}`, { timeoutMs: TIMEOUT_MS });
    ends.push(() => redis.close());
    const kept = connections();
    proxy.freeze();
    const until = performance.now() + 6 * TIMEOUT_MS;
    while (performance.now() < until) await answered(redis);
    proxy.thaw();
    await expect.poll(() => answered(redis), SOON).toBe(KEYS.length);
    await sleep(2 * TIMEOUT_MS);
    expect(connections()).toBe(kept);
    await redis.close();
    await expect.poll(connections, SOON).toBe(0);
  });
});

const holdsPing = ({ command }: RedisServer) => !command("get", "{ping}").startsWith("MOVED");

const KEYS = Array.from({ length: 30 }, (_, index) => `{key-${index}}`);
const ONE = script("return 1");
const WRITE = script("return call('SET', KEYS[1], 'written')");

async function answered(redis: RedisConnection): Promise<number> {
  const calls = await Promise.all(KEYS.map((key) => succeeds(redis.run(ONE, [key], []))));
  return calls.filter(Boolean).length;
}
