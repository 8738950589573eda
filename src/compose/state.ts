import { createMemoryLimitStore } from "../adapters/memory/limits.ts";
import { createMemoryVerificationStore } from "../adapters/memory/verifications.ts";
import type { RedisServer } from "../adapters/redis/clients.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import type { LimitStore } from "../core/protection/limits/ports.ts";
import type { VerificationStore } from "../core/verification/ports.ts";
import type { Log } from "../http/context.ts";

/** Where verifications and limits live. */
export interface State {
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;
  /** Rejects with `UnavailableError` if the store has a server of its own that does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The state store of `STATE_URL`. Rejects with `UnavailableError` if it cannot be reached.
 *
 * @param options.isOnDemand connects when the store is first needed, and rejects then; the default on SCF
 */
export async function openState(
  { state, scf }: Pick<Config, "state" | "scf">,
  { verifications, limits }: Pick<SqlStores, "verifications" | "limits">,
  log: Pick<Log, "error" | "warn">,
  { isOnDemand = scf !== undefined }: { readonly isOnDemand?: boolean } = {},
): Promise<State> {
  if (state.kind === "redis") return await openRedis(state, log, isOnDemand);
  const inDatabase = state.kind === "database";
  return {
    verifications: inDatabase ? verifications : createMemoryVerificationStore(),
    limits: inDatabase ? limits : createMemoryLimitStore(),
    ping: async () => {},
    close: async () => {},
  };
}

/** Imported here, so that the Redis client is loaded only if it is used. */
async function openRedis(
  server: RedisServer,
  log: Pick<Log, "error" | "warn">,
  isOnDemand: boolean,
): Promise<State> {
  const [
    { connectRedis },
    { createOnDemandRedis },
    { createRedisLimitStore },
    { createRedisVerificationStore },
  ] = await Promise.all([
    import("../adapters/redis/connection.ts"),
    import("../adapters/redis/on-demand.ts"),
    import("../adapters/redis/limits.ts"),
    import("../adapters/redis/verifications.ts"),
  ]);
  const onError = (err: unknown) => log.error({ err }, "Redis was lost");
  const onWaiting = (err: unknown) => log.warn({ err }, "no connection to Redis yet; still trying");
  const connect = () =>
    connectRedis(server, isOnDemand ? { onError, reconnects: false } : { onError, onWaiting });
  const redis = isOnDemand ? createOnDemandRedis(connect) : await connect();
  return {
    verifications: createRedisVerificationStore(redis),
    limits: createRedisLimitStore(redis),
    ping: () => redis.ping(),
    close: () => redis.close(),
  };
}
