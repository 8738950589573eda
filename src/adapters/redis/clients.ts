import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient, createCluster, createSentinel } from "@redis/client";
import { UnavailableError } from "../../core/refusals.ts";

/** Where Redis is, as `STATE_URL` names it. */
export interface RedisServer {
  readonly topology: "single" | "sentinel" | "cluster";
  /** One server, or the starting points: the Sentinels, or some nodes of the cluster. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** What the Sentinels call the master. */
  readonly masterName?: string;
  readonly database?: number;
  readonly user?: string;
  readonly password?: string;
  /** What the Sentinels themselves ask for. */
  readonly sentinelPassword?: string;
  /** Encrypted, with the certificates of all servers verified: their names too. */
  readonly tls?: {
    /** The name that the certificates must bear; if absent, each server's own host. */
    readonly serverName?: string;
    /** The trusted authorities as PEM; if absent, those of Node.js. */
    readonly caFile?: string;
  };
}

/** What the three kinds of clients have in common. */
export interface Runner {
  connect(): Promise<unknown>;
  on(event: "error", listener: (error: unknown) => void): unknown;
  /** Sends a command unchanged; in a cluster, to the master that holds the key. */
  send(key: string, words: string[]): Promise<unknown>;
  destroy(): unknown;
  nodes(): Promise<readonly Command[]>;
  /** False before it connects, and after it was ended or has given up. */
  readonly isOpen: boolean;
}

interface Command {
  sendCommand(words: string[]): Promise<unknown>;
}

/** How often the Sentinels are asked for the master, in addition to what they report by themselves. */
const SCAN_MS = 5_000;

/**
 * A client that is not connected yet.
 *
 * @param timeoutMs how long a connection may take, and a command under Sentinel
 * @param reconnects whether the connection to a single server is made again when it was lost
 * @throws UnavailableError when the CA file cannot be read, or is none
 */
export function createRunner(server: RedisServer, timeoutMs: number, reconnects: boolean): Runner {
  const options = clientOptions(server, timeoutMs);
  if (server.topology === "sentinel") return sentinelRunner(server, options, timeoutMs);
  if (server.topology === "cluster") return clusterRunner(server, options, timeoutMs);
  return singleRunner(server, options, reconnects);
}

type ClientOptions = ReturnType<typeof clientOptions>;

function clientOptions(server: RedisServer, timeoutMs: number) {
  const { user, password } = server;
  return {
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    // Every call of ours has a deadline whose timer ends with the call. The client's own timer would run on long after
    // each command.
    commandOptions: { timeout: 0 },
    socket: { connectTimeout: timeoutMs, keepAlive: true, reconnectStrategy, ...tlsOf(server) },
    ...(user && { username: user }),
    ...(password && { password }),
  };
}

function singleRunner({ hosts, database }: RedisServer, options: ClientOptions, reconnects: boolean): Runner {
  const client = createClient({
    ...options,
    socket: { ...options.socket, ...(!reconnects && { reconnectStrategy: false }), ...hosts[0] },
    ...(database !== undefined && { database }),
  });
  if (!reconnects) client.unref();
  const send = (_key: string, words: string[]) => client.sendCommand(words);
  return Object.assign(client, { send, nodes: async () => [client] });
}

function clusterRunner({ hosts }: RedisServer, defaults: ClientOptions, timeoutMs: number): Runner {
  // These connections only discover the masters. Without a timeout, a first host that does not answer would keep the
  // others from being asked.
  const rootNodes = hosts.map((host) => ({ socket: { ...host, socketTimeout: timeoutMs } }));
  const cluster = createCluster({ rootNodes, defaults, commandOptions: defaults.commandOptions });
  const send = (key: string, words: string[]) => cluster.sendCommand(key, false, words);
  const nodes = () => Promise.all(cluster.masters.map((master) => cluster.nodeClient(master)));
  return Object.assign(cluster, { send, nodes });
}

/**
 * By default this client sends a command again if its answer was lost, and queues commands for as long as there is no
 * master. A script must run once and in time, or not at all. So rediscovery is off, and each command has a signal.
 */
function sentinelRunner(server: RedisServer, nodeOptions: ClientOptions, timeoutMs: number): Runner {
  const { hosts, masterName = "", sentinelPassword } = server;
  const { socket } = nodeOptions;
  const sentinel = createSentinel({
    name: masterName,
    sentinelRootNodes: [...hosts],
    nodeClientOptions: nodeOptions,
    sentinelClientOptions: { socket, ...(sentinelPassword && { password: sentinelPassword }) },
    maxCommandRediscovers: 0,
    scanInterval: SCAN_MS,
  });
  const inTime = () => sentinel.withCommandOptions({ abortSignal: AbortSignal.timeout(timeoutMs) });
  return {
    connect: () => sentinel.connect(),
    on: (event, listener) => sentinel.on(event, listener),
    send: (_key, words) => inTime().sendCommand(false, words),
    destroy: () => sentinel.destroy(),
    get isOpen() {
      return sentinel.isOpen;
    },
    nodes: async () => [{ sendCommand: (words) => inTime().sendCommand(false, words) }],
  };
}

/** Retries soon at first, then every two seconds without end, so that recovery needs no operator. */
function reconnectStrategy(tries: number): number {
  return Math.min(2_000, 50 * 2 ** tries);
}

function tlsOf({ tls }: RedisServer) {
  if (!tls) return {};
  const { caFile, serverName } = tls;
  return {
    tls: true as const,
    minVersion: "TLSv1.2" as const,
    ...(caFile && { ca: readCa(caFile) }),
    ...(serverName && { servername: serverName }),
  };
}

function readCa(path: string): string {
  try {
    const pem = readFileSync(path, "utf8");
    // Checked here: the client library takes any text for a certificate, and then trusts no server.
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    const sentence = "the CA file that STATE_URL names cannot be read, or holds no certificate";
    throw new UnavailableError("Redis", { cause: new Error(sentence, { cause: error }) });
  }
}
