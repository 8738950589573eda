import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Certificates } from "./certificates.ts";
import { encrypted, type RedisServer, type RedisSetup, startRedis } from "./redis.ts";
import { type Keep, startTogether } from "./start-together.ts";

/** A master, its replica and three Sentinels that watch them. All ask for passwords, the Sentinels for another one. */
export interface SentinelSetup {
  readonly url: string;
  readonly master: RedisServer;
  /** In the order of the URL. */
  readonly sentinels: readonly RedisServer[];
  /** The replica has what was written by now, and learns nothing new. */
  stopCopying(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "phones";
const PASSWORD = "p1";
const SENTINEL_PASSWORD = "p2";
/** The replica signs in as this user of the master, and copies nothing any more once that is off. */
const REPLICATOR = { user: "replicator", password: "p3" };

export async function startSentinels(certificates?: Certificates): Promise<SentinelSetup> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-sentinels-"));
  const setup = { ...(certificates && { certificates }), password: PASSWORD };
  const { master, replica, sentinels } = await startTogether(async (keep) => {
    const pair = await startPair(setup, keep);
    const watch = (index: number) =>
      keep(startSentinel(join(folder, `${index}.conf`), pair.master.port, certificates));
    const sentinels = await Promise.all([1, 2, 3].map(watch));
    const agreed = () => sentinels.every((one) => one.command("info").includes("slaves=1,sentinels=3"));
    while (!agreed()) await sleep(100);
    return { ...pair, sentinels };
  });
  return {
    url: urlOf(sentinels, certificates),
    master,
    sentinels,
    async stopCopying() {
      while (!hasCopied(master)) await sleep(50);
      master.command("acl", "setuser", REPLICATOR.user, "off");
      master.command("client", "kill", "type", "replica");
    },
    async stop() {
      await Promise.all([master, replica, ...sentinels].map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the replica has acknowledged all that the master wrote. */
function hasCopied(master: RedisServer): boolean {
  const info = master.command("info", "replication");
  const written = /master_repl_offset:(\d+)/.exec(info)?.[1];
  return written !== undefined && info.includes(`,offset=${written},`);
}

async function startPair(setup: RedisSetup, keep: Keep) {
  const tls = encrypted("replication", setup.certificates);
  const master = await keep(startRedis({ ...setup, more: tls }));
  const { user, password } = REPLICATOR;
  master.command("acl", "setuser", user, "on", `>${password}`, "+psync", "+replconf", "+ping");
  const copying = ["--replicaof", `127.0.0.1 ${master.port}`, "--masteruser", user, "--masterauth", password];
  return { master, replica: await keep(startRedis({ ...setup, more: [...tls, ...copying] })) };
}

async function startSentinel(
  sentinelFile: string,
  masterPort: number,
  certificates?: Certificates,
): Promise<RedisServer> {
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel auth-pass ${NAME} ${PASSWORD}`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 2000`,
    `sentinel sentinel-pass ${SENTINEL_PASSWORD}`,
  ];
  writeFileSync(sentinelFile, lines.join("\n"));
  const more = encrypted("replication", certificates);
  const setup = { ...(certificates && { certificates }), password: SENTINEL_PASSWORD, sentinelFile, more };
  return await startRedis(setup);
}

function urlOf(sentinels: readonly RedisServer[], certificates?: Certificates): string {
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const url = `://:${PASSWORD}@${hosts}/${NAME}?sentinelPassword=${SENTINEL_PASSWORD}`;
  if (!certificates) return `redis+sentinel${url}`;
  return `rediss+sentinel${url}&sslCa=${certificates.caFile}&sslName=localhost`;
}
