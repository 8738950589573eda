import type { Runner } from "./clients.ts";
import { inTime, SilenceError } from "./in-time.ts";

/** The client that is used at the moment. */
export interface RenewedClient {
  readonly current: Runner;
  /**
   * Called when something was not answered in time: replaces the client if one of its servers answers nothing at all.
   */
  doubt(): void;
  /**
   * Called when its server no longer takes writes: replaces the client, because its name may lead to another server by
   * now.
   */
  replace(): void;
  close(): void;
}

interface RenewalOptions {
  readonly timeoutMs: number;
  /** Told when the client was replaced, and when that failed. A later doubt tries again. */
  readonly onError: (error: unknown) => void;
}

/** For how many timeouts no renewal is tried: after one that failed, and after one that found a server. */
const REST = { failed: 5, replaced: 1 };

/**
 * When a network drops packets silently, the kernel resends them for a quarter of an hour, and the client waits as
 * long. This replaces the connection sooner. A server that is only slow, or stands still, keeps its connection, because
 * a new connection has to work before it replaces the old one. While a server stands still, each attempt may leave
 * connections to it that end only when it goes on. So doubts are ignored for a while after an attempt that failed. A
 * server that merely stood still needs no renewal: its old connection works again.
 */
export function createRenewedClient(
  first: Runner,
  open: () => Promise<Runner>,
  { timeoutMs, onError }: RenewalOptions,
): RenewedClient {
  let current = first;
  let isRenewing = false;
  let isClosed = false;
  let restsUntil = Number.NEGATIVE_INFINITY;

  async function connectAnew(because: string): Promise<void> {
    const next = await open();
    if (isClosed) return destroy(next);
    // Kept open for a while: calls that are under way may still be answered, for example by other servers of a cluster.
    setTimeout(destroy, timeoutMs, current).unref();
    current = next;
    restFor(REST.replaced);
    onError(new Error(`${because}; connected anew`));
  }

  function restFor(timeouts: number): void {
    restsUntil = performance.now() + timeouts * timeoutMs;
  }

  function renew(work: () => Promise<void>): void {
    if (isRenewing || isClosed || performance.now() < restsUntil) return;
    isRenewing = true;
    void work()
      .catch((error: unknown) => {
        restFor(REST.failed);
        if (!isClosed) onError(error);
      })
      .finally(() => {
        isRenewing = false;
      });
  }

  return {
    get current() {
      return current;
    },
    doubt: () =>
      renew(async () => {
        if (!(await answers(current, timeoutMs))) await connectAnew("a server said nothing any more");
      }),
    replace: () => renew(() => connectAnew("a server takes no writes any more")),
    close() {
      isClosed = true;
      destroy(current);
    },
  };
}

/** Whether all its servers answer anything at all, after what they were asked before. */
async function answers(client: Runner, timeoutMs: number): Promise<boolean> {
  const asking = client
    .nodes()
    .then((nodes) => Promise.allSettled(nodes.map((node) => node.sendCommand(["PING"]))));
  return await inTime(asking, timeoutMs).then(
    () => true,
    (error) => !(error instanceof SilenceError),
  );
}

/** One that ended for good must not be ended again. */
export function destroy(client: Runner): void {
  if (client.isOpen) client.destroy();
}
