import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 20_000;
const EACH = 1_000;
const WORKERS = 12;
/** Vitest numbers those of its workers that run at the same time from 1; what starts before them has none. */
const FROM = FIRST + EACH * (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS);
const given = new Set<number>();

/**
 * A port that nobody listens on, below those that the system gives to outgoing connections. Each worker has a thousand
 * of its own, and gives none twice: between this and the moment that somebody listens on it, no other test has it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FROM, FROM + EACH);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

/** One for a node of a Redis cluster: free like the one 10,000 above it, on which nodes speak to each other. */
export async function freeClusterPort(): Promise<number> {
  for (;;) {
    const bus = await freePort();
    if (await isFree(bus - 10_000)) return bus - 10_000;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}
