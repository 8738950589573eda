import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  connectRedis,
  type RedisConnection,
  type RedisOptions,
} from "../../../src/adapters/redis/connection.ts";
import { stateUrl } from "../../../src/config/formats/redis-url.ts";
import { freeClusterPort, freePort } from "../ports.ts";
import type { Certificates } from "./certificates.ts";
import { startTogether } from "./start-together.ts";

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

/** False only with `SKIP_SERVICES=1`, if there is no Redis. */
export function hasRedis(): boolean {
  return process.env.SKIP_SERVICES !== "1" || spawnSync(PROGRAM, ["--version"]).status === 0;
}

export interface RedisSetup {
  /** More options, as on its command line. */
  readonly more?: readonly string[];
  /** As a node of a cluster. */
  readonly cluster?: boolean;
  /** With these it speaks TLS, and nothing else. */
  readonly certificates?: Certificates;
  /** The password that it asks for. */
  readonly password?: string;
  /** The configuration of a Sentinel, which is the same program. */
  readonly sentinelFile?: string;
}

export async function startRedis(setup: RedisSetup = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-redis-"));
  const port = await (setup.cluster ? freeClusterPort() : freePort());
  const args = argumentsOf(setup, port, folder);
  let child = await spawnRedis(args);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const login = setup.password ? `:${setup.password}@` : "";
  const { certificates } = setup;
  return {
    port,
    url: certificates
      ? `rediss://${login}localhost:${port}?sslCa=${certificates.caFile}`
      : `redis://${login}127.0.0.1:${port}`,
    command: (...words) => cli(setup, "-p", String(port), ...words),
    kill,
    async restart() {
      await kill();
      child = await spawnRedis(args);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the server connects to it with this `STATE_URL`. */
export async function connectTo(url: string, options?: RedisOptions): Promise<RedisConnection> {
  const read = stateUrl.read(url);
  if (!read.ok || read.value.kind !== "redis") throw new Error(`this is no Redis: ${url}`);
  return await connectRedis(read.value, options);
}

/** Three masters that share the slots. */
export async function startRedisCluster(
  certificates?: Certificates,
): Promise<{ url: string; nodes: readonly RedisServer[]; stop(): Promise<void> }> {
  const setup = { ...(certificates && { certificates }), cluster: true };
  const nodes = await startTogether(async (keep) => {
    const started = await Promise.all([1, 2, 3].map(() => keep(startRedis(setup))));
    cli(setup, "--cluster", "create", ...started.map(addressOf), "--cluster-yes");
    const settled = () =>
      started.every(({ command }) => command("cluster", "info").includes("cluster_state:ok"));
    while (!settled()) await new Promise((resolve) => setTimeout(resolve, 100));
    return started;
  });
  const hosts = nodes.map(addressOf).join(",");
  return {
    url: certificates
      ? `rediss+cluster://${hosts}?sslCa=${certificates.caFile}&sslName=localhost`
      : `redis+cluster://${hosts}`,
    nodes,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

function addressOf({ port }: RedisServer): string {
  return `127.0.0.1:${port}`;
}

/** What servers need so that they speak TLS to each other. */
export function encrypted(between: "cluster" | "replication", certificates?: Certificates): string[] {
  return certificates ? [`--tls-${between}`, "yes"] : [];
}

function cli({ certificates, password }: RedisSetup, ...words: readonly string[]): string {
  const tls = certificates ? ["--tls", "--cacert", certificates.caFile] : [];
  const env = { ...process.env, ...(password && { REDISCLI_AUTH: password }) };
  return execFileSync("redis-cli", [...tls, ...words], { encoding: "utf8", env });
}

function argumentsOf(
  { more = [], cluster = false, certificates, password, sentinelFile }: RedisSetup,
  port: number,
  folder: string,
) {
  return [
    ...(sentinelFile ? [sentinelFile, "--sentinel"] : ["--save", "", "--maxmemory-policy", "noeviction"]),
    ...portArguments(port, certificates),
    ...["--dir", folder],
    ...(password ? ["--requirepass", password] : []),
    ...(cluster ? clusterArguments(certificates) : []),
    ...more,
  ];
}

function clusterArguments(certificates?: Certificates): string[] {
  const timeout = ["--cluster-node-timeout", "2000"];
  return ["--cluster-enabled", "yes", ...timeout, ...encrypted("cluster", certificates)];
}

function portArguments(port: number, certificates?: Certificates): string[] {
  if (!certificates) return ["--port", String(port)];
  const { caFile, certFile, keyFile } = certificates;
  const files = ["--tls-ca-cert-file", caFile, "--tls-cert-file", certFile, "--tls-key-file", keyFile];
  return ["--port", "0", "--tls-port", String(port), ...files, "--tls-auth-clients", "no"];
}

async function spawnRedis(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${told}`)));
    child.once("error", reject);
    child.stdout?.on("data", (data) => {
      told += data;
      if (/Ready to accept connections|Sentinel ID is/.test(told)) resolve();
    });
  });
  return child;
}
