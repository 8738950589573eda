import { unavailable } from "./errors.ts";

/** What a pool keeps. */
export interface Pooled {
  /** Whether it still works, as far as is known without asking. */
  isOpen(): boolean;
  /** Asks; resolves with false when no answer comes soon. */
  answers(): Promise<boolean>;
  /** Says good-bye. */
  end(): void;
}

export interface PoolOptions<C> {
  readonly open: () => Promise<C>;
  /** The most connections at a time, including those being opened. */
  readonly limit: number;
  /** How many callers may wait for one. */
  readonly queueLimit: number;
  /** How long a caller waits for its turn. Opening a connection has a limit of its own. */
  readonly waitMs: number;
  /** A connection that was idle for this long is asked whether it still works: networks drop connections silently. */
  readonly trustedIdleMs: number;
}

export interface Pool<C> {
  /** Rejects with `UnavailableError` if no connection was free in time. */
  acquire(): Promise<C>;
  release(pooled: C): void;
  /** Accepts no more callers, and resolves when everything acquired was given back. */
  close(): Promise<void>;
}

interface Caller<C> {
  readonly resolve: (pooled: C) => void;
  readonly reject: (error: unknown) => void;
}

interface Idle<C> {
  readonly pooled: C;
  /** On the clock of `performance.now`. */
  readonly since: number;
}

/** Connections that are reused. None is ever lost: each is idle, acquired, being opened, or given up. */
export function createPool<C extends Pooled>(options: PoolOptions<C>): Pool<C> {
  const idle: Idle<C>[] = [];
  const queue = createQueue<C>(options.waitMs);
  /** How many are acquired, or being opened for somebody. */
  let taken = 0;
  let onDrained: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  /**
   * The connection used last comes first, so that surplus ones stay idle. The caller has already counted it as taken.
   */
  async function obtain(): Promise<C> {
    for (let last = idle.pop(); last; last = idle.pop()) {
      const isFresh = performance.now() - last.since < options.trustedIdleMs;
      if (last.pooled.isOpen() && (isFresh || (await last.pooled.answers()))) return last.pooled;
      last.pooled.end();
    }
    return await options.open();
  }

  async function serve({ resolve, reject }: Caller<C>): Promise<void> {
    taken += 1;
    try {
      const pooled = await obtain();
      resolve(pooled);
    } catch (error) {
      leave();
      reject(error);
    }
  }

  function leave(): void {
    taken -= 1;
    const next = queue.next();
    if (next) void serve(next);
    else if (taken === 0) onDrained?.();
  }

  function drain(): Promise<void> {
    for (let next = queue.next(); next; next = queue.next()) next.reject(closed());
    for (const { pooled } of idle.splice(0)) pooled.end();
    if (taken === 0) return Promise.resolve();
    return new Promise((resolve) => {
      onDrained = resolve;
    });
  }

  return {
    acquire: () =>
      new Promise((resolve, reject) => {
        if (closing) return reject(closed());
        if (taken < options.limit) return void serve({ resolve, reject });
        if (queue.length() >= options.queueLimit) return reject(busy("too many wait for a connection"));
        queue.join({ resolve, reject });
      }),

    release(pooled) {
      if (!pooled.isOpen() || closing) pooled.end();
      else idle.push({ pooled, since: performance.now() });
      leave();
    },

    close() {
      closing ??= drain();
      return closing;
    },
  };
}

interface Waiting<C> extends Caller<C> {
  readonly timer: NodeJS.Timeout;
}

/** Callers in the order in which they came. After `waitMs` a caller is rejected and leaves the queue. */
function createQueue<C>(waitMs: number) {
  const waiting = new Set<Waiting<C>>();

  function leave(waiter: Waiting<C>): Caller<C> {
    waiting.delete(waiter);
    clearTimeout(waiter.timer);
    return waiter;
  }

  return {
    length: () => waiting.size,

    join({ resolve, reject }: Caller<C>): void {
      const timer = setTimeout(() => {
        leave(waiter).reject(busy(`no connection came free within ${waitMs} ms`));
      }, waitMs);
      const waiter = { resolve, reject, timer };
      waiting.add(waiter);
    },

    /**
     * Takes the first caller out of the queue, so that it can no longer be rejected: a rejected caller would give
     * nothing back.
     */
    next(): Caller<C> | undefined {
      const [first] = waiting;
      return first && leave(first);
    },
  };
}

function busy(why: string): unknown {
  return unavailable(new Error(why));
}

function closed(): Error {
  return new Error("the database was closed");
}
