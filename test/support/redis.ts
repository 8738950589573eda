import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  connectRedis,
  type RedisConnection,
  type RedisOptions,
} from "../../src/adapters/redis/connection.ts";
import { stateUrl } from "../../src/config/redis-url.ts";

/** A Redis server of the tests' own, in a folder and on a port of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** As `redis-cli` would. */
  command(...args: readonly string[]): string;
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** As `scripts/services.js` found it. */
const PROGRAM = process.env.REDIS_SERVER_PATH ?? "redis-server";

/** False only with `SKIP_SERVICES=1`, where there is no Redis. */
export function hasRedis(): boolean {
  return process.env.SKIP_SERVICES !== "1" || spawnSync(PROGRAM, ["--version"]).status === 0;
}

export async function startRedis(more: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-redis-"));
  const port = await freePort();
  let child = await spawnRedis(port, folder, more);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command: (...args) => execFileSync("redis-cli", ["-p", String(port), ...args], { encoding: "utf8" }),
    kill,
    async restart() {
      await kill();
      child = await spawnRedis(port, folder, more);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the server connects to it where `STATE_URL` is this. */
export async function connectTo(url: string, options?: RedisOptions): Promise<RedisConnection> {
  const read = stateUrl.read(url);
  if (!read.ok || read.value.kind !== "redis") throw new Error(`this is no Redis: ${url}`);
  return await connectRedis(read.value, options);
}

/** Three masters that share the slots. */
export async function startRedisCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  const cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis(cluster)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"], { stdio: "ignore" });
  const settled = () => nodes.every((node) => node.command("cluster", "info").includes("cluster_state:ok"));
  while (!settled()) await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    url: `redis+cluster://${addresses.join(",")}`,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

async function spawnRedis(port: number, folder: string, more: readonly string[]): Promise<ChildProcess> {
  const args = ["--port", String(port), "--dir", folder, "--save", "", "--maxmemory-policy", "noeviction"];
  const child = spawn(PROGRAM, [...args, ...more], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    child.once("error", reject);
    child.stdout?.on("data", (data) => {
      if (String(data).includes("Ready to accept connections")) resolve();
    });
  });
  return child;
}

/** A port whose cluster bus port, 10000 above, is a valid one too. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    if (port < 55_000) return port;
  }
}
