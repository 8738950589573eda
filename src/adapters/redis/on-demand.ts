import type { RedisConnection } from "./connection.ts";

/** One that was not used for so long is asked whether it still works: networks drop connections without a word. */
const TRUSTED_IDLE_MS = 15_000;

/**
 * A connection that is made when first needed, and made again when it was lost: for processes that are frozen between
 * requests, where nothing can be kept up in the background. Whoever comes while it is being made waits for it.
 */
export function createOnDemandRedis(connect: () => Promise<RedisConnection>): RedisConnection {
  let held: RedisConnection | undefined;
  let opening: Promise<RedisConnection> | undefined;
  let usedAt = Number.NEGATIVE_INFINITY;

  async function open(): Promise<RedisConnection> {
    if (held && (await answers(held))) return held;
    await held?.close();
    held = undefined;
    held = await connect();
    return held;
  }

  async function connection(): Promise<RedisConnection> {
    const isFresh = performance.now() - usedAt < TRUSTED_IDLE_MS;
    usedAt = performance.now();
    if (held?.isOpen() && isFresh && !opening) return held;
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return await opening;
  }

  return {
    run: async (script, keys, args) => (await connection()).run(script, keys, args),
    ping: async () => (await connection()).ping(),
    nodes: async () => (await connection()).nodes(),
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
