import { createMemoryLimitStore } from "../adapters/memory/limits.ts";
import { createMemoryVerificationStore } from "../adapters/memory/verifications.ts";
import type { RedisServer } from "../adapters/redis/clients.ts";
import type { SqlStores } from "../adapters/sql/stores.ts";
import type { Config } from "../config.ts";
import type { LimitStore } from "../core/protection/ports.ts";
import type { VerificationStore } from "../core/verification/ports.ts";
import type { Log } from "../http/context.ts";

/** Where verifications and limits live. */
export interface State {
  readonly verifications: VerificationStore;
  readonly limits: LimitStore;
  /** Rejects with `UnavailableError` when a server of its own does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The state store of `STATE_URL`. Rejects with `UnavailableError` when it cannot be reached. */
export async function openState(
  { state }: Pick<Config, "state">,
  { verifications, limits }: Pick<SqlStores, "verifications" | "limits">,
  log: Log,
): Promise<State> {
  if (state.kind === "redis") return await openRedis(state, log);
  const inDatabase = state.kind === "database";
  return {
    verifications: inDatabase ? verifications : createMemoryVerificationStore(),
    limits: inDatabase ? limits : createMemoryLimitStore(),
    ping: async () => {},
    close: async () => {},
  };
}

/** Imported here, so that who uses no Redis does not load its client. */
async function openRedis(server: RedisServer, log: Log): Promise<State> {
  const [{ connectRedis }, { createRedisLimitStore }, { createRedisVerificationStore }] = await Promise.all([
    import("../adapters/redis/connection.ts"),
    import("../adapters/redis/limits.ts"),
    import("../adapters/redis/verifications.ts"),
  ]);
  const redis = await connectRedis(server, { onError: (err) => log.error({ err }, "Redis was lost") });
  return {
    verifications: createRedisVerificationStore(redis),
    limits: createRedisLimitStore(redis),
    ping: () => redis.ping(),
    close: () => redis.close(),
  };
}
