import type { Runner } from "./clients.ts";
import { inTime, SilenceError } from "./in-time.ts";

/** The client that is used at the moment. */
export interface RenewedClient {
  readonly current: Runner;
  /** Something was not answered in time: replaces the client where one of its servers says nothing at all. */
  doubt(): void;
  close(): void;
}

interface RenewalOptions {
  readonly timeoutMs: number;
  /** Told when the client was replaced, and when that failed; a later doubt tries it again. */
  readonly onError: (error: unknown) => void;
}

/** How many times the timeout nothing is tried again after a renewal that failed. */
const REST = 5;

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
  let failedAt = Number.NEGATIVE_INFINITY;

  async function renew(): Promise<void> {
    if (await answers(current, timeoutMs)) return;
    const next = await open();
    if (isClosed) return destroy(next);
    // The other servers of a cluster may still answer what they were asked.
    setTimeout(destroy, timeoutMs, current).unref();
    current = next;
    onError(new Error("a server said nothing any more; connected anew"));
  }

  return {
    get current() {
      return current;
    },
    doubt() {
      if (isRenewing || performance.now() - failedAt < REST * timeoutMs) return;
      isRenewing = true;
      void renew()
        .catch((error: unknown) => {
          failedAt = performance.now();
          if (!isClosed) onError(error);
        })
        .finally(() => {
          isRenewing = false;
        });
    },
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
