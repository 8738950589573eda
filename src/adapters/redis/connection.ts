import { createHash } from "node:crypto";
import { UnavailableError } from "../../core/refusals.ts";
import type { RedisServer, Runner } from "./clients.ts";
import { inTime, SilenceError } from "./in-time.ts";
import { createRenewedClient, destroy } from "./renewal.ts";

/** A Lua script; Redis runs each call of it as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Each script may say `call` for `redis.call`: a local name is found faster, and scripts call a lot. */
export function script(body: string): Script {
  const lua = `local call = redis.call\n${body}`;
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** The part of Redis that the stores need, the same for a single server, Sentinel and Cluster. */
export interface RedisConnection {
  /** Runs a script on keys of one slot. Rejects with `UnavailableError` if Redis does not answer in time. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Rejects with `UnavailableError` when Redis does not answer. */
  ping(): Promise<void>;
  /** Every server that holds our keys; in a cluster, all masters. For maintenance, not for requests. */
  nodes(): Promise<readonly RedisNode[]>;
  /**
   * Whether it still works, as far as is known without asking. A connection that reconnects by itself always says true.
   */
  isOpen(): boolean;
  close(): Promise<void>;
}

/** One server. Sends a command as it stands; rejects as `run` does. */
export type RedisNode = (...words: readonly string[]) => Promise<unknown>;

export interface RedisOptions {
  /** Told of every lost connection, for the log; the client reconnects by itself. */
  readonly onError?: (error: unknown) => void;
  /** Told once why there is no first connection yet, while it or another server is tried; for the log. */
  readonly onWaiting?: (error: unknown) => void;
  /** How long one call may take. */
  readonly timeoutMs?: number;
  /**
   * Whether the connection repairs itself. If true, a lost connection is made again. A connection is replaced if
   * nothing arrives on it any more, or if its server became a replica. True by default. If false, the connection to a
   * single server ends for good, and neither it nor an attempt to make it again keeps the process alive. Connections to
   * Sentinels and to a cluster are kept up in either case.
   */
  readonly reconnects?: boolean;
}

const TIMEOUT_MS = 2_000;

/**
 * Loads the client and connects to one server, to the master that Sentinels watch, or to a cluster. A call that cannot
 * be answered at once fails instead of waiting in a queue. So a lost Redis means 503 and never a pile of requests.
 *
 * @throws UnavailableError if the first connection fails
 */
export async function connectRedis(
  server: RedisServer,
  options: RedisOptions = {},
): Promise<RedisConnection> {
  const { timeoutMs = TIMEOUT_MS, onError = () => {}, onWaiting = () => {}, reconnects = true } = options;
  const { createRunner } = await import("./clients.ts");
  const open = (onFirst: typeof onWaiting) =>
    connectClient(createRunner(server, timeoutMs, reconnects), timeoutMs, { onError, onWaiting: onFirst });
  const client = createRenewedClient(await open(onWaiting), () => open(() => {}), { timeoutMs, onError });
  // With several servers, answers of one say nothing about another that no longer answers.
  const renews = reconnects || server.topology !== "single";
  const call = <T>(work: (client: Runner) => Promise<T>) =>
    inTime(work(client.current), timeoutMs).catch((error: unknown) => {
      const cause = unwrap(error);
      if (renews && cause instanceof SilenceError) client.doubt();
      if (isOfReplica(cause)) renews ? client.replace() : client.close();
      return failed(cause);
    });
  return {
    run: (each, keys, args) => call((current) => evaluate(current, each, keys, args)),
    ping: async () => void (await call((current) => evaluate(current, PING, ["phonekey:{ping}"], []))),
    nodes: async () => {
      const nodes = await call((current) => current.nodes());
      return nodes.map(
        (node) =>
          (...words) =>
            call(() => node.sendCommand([...words])),
      );
    },
    isOpen: () => client.current.isOpen,
    close: async () => client.close(),
  };
}

async function connectClient(
  client: Runner,
  timeoutMs: number,
  { onError, onWaiting }: Required<Pick<RedisOptions, "onError" | "onWaiting">>,
): Promise<Runner> {
  let isConnected = false;
  let lastError: unknown;
  client.on("error", (error) => {
    if (isConnected) onError(error);
    else if (lastError === undefined) onWaiting(error);
    lastError = error;
  });
  const connecting = client.connect();
  await inTime(connecting, 2 * timeoutMs).catch((cause: unknown) => {
    destroy(client);
    // A late answer makes the client connect to all masters of a cluster even after it was destroyed, so destroy it
    // again.
    connecting.then(() => client.destroy()).catch(() => {});
    // The reason why the client could not connect says more than that the time was over.
    throw new UnavailableError("Redis", { cause: lastError ?? cause });
  });
  isConnected = true;
  return client;
}

const PING = script("return 1");

/** Calls the script by its hash. A server that was restarted is sent the script again. */
async function evaluate(
  client: Runner,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const [key = ""] = keys;
  const words = [String(keys.length), ...keys, ...args.map(String)];
  try {
    return await client.send(key, ["EVALSHA", sha, ...words]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await client.send(key, ["EVAL", lua, ...words]);
  }
}

/** Before version 7 Redis wraps the error of a command that a script called as if the script itself were wrong. */
const REFUSED_COMMAND =
  /^ERR Error running script .*@user_script: ?\d+: -?((?:OOM|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN) .*)/;

/** A server that became a replica keeps its connections, even if its name already leads to the new master. */
function isOfReplica(cause: unknown): boolean {
  return cause instanceof Error && /^(READONLY|MASTERDOWN)/.test(cause.message);
}

/** An error in one of our scripts is a fault. Everything else means that Redis is away. */
function failed(cause: unknown): never {
  const isOurs = cause instanceof Error && /^(ERR|WRONGTYPE|CROSSSLOT)/.test(cause.message);
  throw isOurs ? cause : new UnavailableError("Redis", { cause });
}

function unwrap(error: unknown): unknown {
  const refusal = error instanceof Error && REFUSED_COMMAND.exec(error.message)?.[1];
  return refusal ? new Error(refusal, { cause: error }) : error;
}
