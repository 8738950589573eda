import type { Runner } from "./clients.ts";
import { inTime, SilenceError } from "./in-time.ts";

/** The client that is used at the moment. */
export interface RenewedClient {
  readonly current: Runner;
  /** Something was not answered in time: replaces the client where one of its servers says nothing at all. */
  doubt(): void;
  /** Its server takes no writes any more: replaces the client, for its name may lead to another server by now. */
  replace(): void;
  close(): void;
}

interface RenewalOptions {
  readonly timeoutMs: number;
  /** Told when the client was replaced, and when that failed; a later doubt tries it again. */
  readonly onError: (error: unknown) => void;
}

/** How many times the timeout nothing is tried again after a renewal that failed, and after one that found a server. */
const REST = { failed: 5, replaced: 1 };

/**
 * What a network drops without a word the kernel sends again for a quarter of an hour, and the client waits as long. A
 * server that is only slow, or stands still, keeps its connection: a new one has to work before it takes the place.
 * As long as one stands still each attempt may leave connections to it, which end when it goes on: after one that failed
 * doubts are ignored for a while. One that merely stood still needs no renewal then: its old connection works again.
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
    // Kept open for a while: calls that are under way may still be answered, such as by other servers of a cluster.
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

/** Whether all its servers say something, whatever that is, behind what they were asked before. */
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
