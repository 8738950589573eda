import type { RedisConnection } from "./connection.ts";

/**
 * A connection that received nothing for this time is asked whether it still works: networks drop connections silently.
 */
const TRUSTED_IDLE_MS = 15_000;

/**
 * A connection that is made when first needed, and made again when it was lost. It is for processes that are frozen
 * between requests, where nothing can be kept up in the background. Callers that come while it is being made wait for
 * it. After a call that failed, the next call first asks whether the connection still works.
 */
export function createOnDemandRedis(connect: () => Promise<RedisConnection>): RedisConnection {
  let held: RedisConnection | undefined;
  let opening: Promise<RedisConnection> | undefined;
  let answeredAt = Number.NEGATIVE_INFINITY;

  async function open(): Promise<RedisConnection> {
    if (!held || !(await answers(held))) {
      await held?.close();
      held = undefined;
      held = await connect();
    }
    answeredAt = performance.now();
    return held;
  }

  async function connection(): Promise<RedisConnection> {
    const isFresh = performance.now() - answeredAt < TRUSTED_IDLE_MS;
    if (held?.isOpen() && isFresh && !opening) return held;
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return await opening;
  }

  async function call<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T> {
    const redis = await connection();
    try {
      const answer = await work(redis);
      answeredAt = performance.now();
      return answer;
    } catch (error) {
      answeredAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  return {
    run: (script, keys, args) => call((redis) => redis.run(script, keys, args)),
    ping: () => call((redis) => redis.ping()),
    nodes: () => call((redis) => redis.nodes()),
    isOpen: () => held?.isOpen() ?? false,
    close: async () => void (await held?.close()),
  };
}

async function answers(connection: RedisConnection): Promise<boolean> {
  if (!connection.isOpen()) return false;
  return await connection.ping().then(
    () => true,
    () => false,
  );
}
