import { doubtful, fine, skewFinding, wrong } from "../../core/maintenance/doctor.ts";
import type { Finding } from "../../core/maintenance/ports.ts";
import type { Clock } from "../../core/ports.ts";
import { type RedisConnection, type RedisNode, script } from "./connection.ts";

const LEAST = [6, 2] as const;
const SCRATCH_MS = 1_000;

/** Writes, reads back and lets expire, as the stores do. */
const SCRATCH = script(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('GET', KEYS[1])`);

export interface RedisCheckOptions {
  readonly clock: Clock;
  /** What the URL asks for. */
  readonly isCluster: boolean;
  readonly isEncrypted: boolean;
}

/** Whether every server can keep what Phonekey trusts it with. */
export async function checkNodes(
  redis: RedisConnection,
  { clock, isCluster, isEncrypted }: RedisCheckOptions,
): Promise<readonly Finding[]> {
  const nodes = await redis.nodes();
  const findings = [checkEncryption(isEncrypted)];
  for (const [index, node] of nodes.entries()) {
    const name = nodes.length > 1 ? `Redis, node ${index + 1}` : "Redis";
    findings.push(...(await checkNode(node, { name, clock, isCluster })));
  }
  return findings;
}

/** Whether scripts run, as the stores run them. */
export async function checkScripts(redis: RedisConnection): Promise<readonly Finding[]> {
  const value = await redis.run(SCRATCH, ["phonekey:{doctor}"], ["written", SCRATCH_MS]);
  if (value === "written") return [fine("Redis", "runs our scripts and keeps what they write")];
  return [wrong("Redis", "does not keep what our scripts write")];
}

function checkEncryption(isEncrypted: boolean): Finding {
  if (isEncrypted) return fine("Redis, encryption", "TLS, with its certificate verified");
  return fine("Redis, encryption", "none; use rediss:// unless the network in between is your own");
}

interface NodeContext {
  readonly name: string;
  readonly clock: Clock;
  readonly isCluster: boolean;
}

async function checkNode(node: RedisNode, { name, clock, isCluster }: NodeContext): Promise<Finding[]> {
  const info = parseInfo(String(await node("INFO")));
  return [
    version(name, info),
    eviction(name, info),
    persistence(name, info),
    await cluster(name, node, info, isCluster),
    skewFinding(`${name}, clock`, await skewOf(node, clock)),
  ];
}

type Info = ReadonlyMap<string, string>;

function parseInfo(text: string): Info {
  const pairs = text.split(/\r?\n/).filter((line) => line.includes(":") && !line.startsWith("#"));
  return new Map(pairs.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** Valkey says which Redis it is like. */
function version(name: string, info: Info): Finding {
  const valkey = info.get("valkey_version");
  const number = info.get("redis_version") ?? "";
  const product = valkey ? `Valkey ${valkey}` : `Redis ${number}`;
  const [major = 0, minor = 0] = number.split(".").map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (isEnough) return fine(`${name}, version`, product);
  return wrong(`${name}, version`, `${product} is too old`, { todo: "Use Redis 6.2 or newer, or Valkey." });
}

function eviction(name: string, info: Info): Finding {
  const part = `${name}, memory`;
  const policy = info.get("maxmemory_policy");
  if (policy === "noeviction") return fine(part, "evicts nothing when full");
  if (!policy) return doubtful(part, "does not say what it does when full");
  const says = `maxmemory-policy is ${policy}: when full it forgets limits, and they refill`;
  return wrong(part, says, { todo: "Set maxmemory-policy to noeviction." });
}

function persistence(name: string, info: Info): Finding {
  const part = `${name}, persistence`;
  if (info.get("rdb_last_bgsave_status") === "err" || info.get("aof_last_write_status") === "err") {
    return wrong(part, "cannot write to its disk, and refuses writes because of it", {
      todo: "Look into its log; make room on its disk.",
    });
  }
  if (info.get("aof_enabled") === "1") return fine(part, "keeps an append-only file");
  return fine(
    part,
    "keeps no append-only file; after a crash, codes that are out are lost and limits are rebuilt from the database",
  );
}

async function cluster(name: string, node: RedisNode, info: Info, isCluster: boolean): Promise<Finding> {
  const part = `${name}, cluster`;
  if (info.get("cluster_enabled") !== "1") return role(name, info);
  if (!isCluster) {
    return wrong(part, "is a node of a cluster", { todo: "Write redis+cluster:// in STATE_URL." });
  }
  const state = parseInfo(String(await node("CLUSTER", "INFO"))).get("cluster_state");
  if (state === "ok") return fine(part, "serves all slots");
  return wrong(part, "does not serve all slots", { todo: "See `redis-cli --cluster check`." });
}

function role(name: string, info: Info): Finding {
  if (info.get("role") === "master") return fine(`${name}, role`, "takes writes");
  return wrong(`${name}, role`, "is a replica, which takes no writes", {
    todo: "Name the master in STATE_URL, or use redis+sentinel://.",
  });
}

/** Against the middle of the call. */
async function skewOf(node: RedisNode, clock: Clock): Promise<number> {
  const before = clock.now();
  const [seconds, microseconds] = (await node("TIME")) as [string, string];
  const after = clock.now();
  return Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + after) / 2;
}
