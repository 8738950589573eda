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
  /** The most there are at a time, those being opened included. */
  readonly limit: number;
  /** How many callers may wait for one. */
  readonly queueLimit: number;
  /** How long a caller waits for its turn; opening has a limit of its own. */
  readonly waitMs: number;
  /** One that was not used for so long is asked whether it still works: networks drop connections without a word. */
  readonly trustedIdleMs: number;
}

export interface Pool<C> {
  /** Rejects with `UnavailableError` when none could be had in time. */
  acquire(): Promise<C>;
  release(pooled: C): void;
  /** Takes no more callers, and resolves when what was acquired is back. */
  close(): Promise<void>;
}

interface Caller<C> {
  readonly resolve: (pooled: C) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting<C> extends Caller<C> {
  readonly timer: NodeJS.Timeout;
}

interface Idle<C> {
  readonly pooled: C;
  /** On the clock of `performance.now`. */
  readonly since: number;
}

/** Connections that are used again. None is ever lost: each is idle, acquired, being opened, or given up. */
export function createPool<C extends Pooled>(options: PoolOptions<C>): Pool<C> {
  const idle: Idle<C>[] = [];
  const waiting = new Set<Waiting<C>>();
  let taken = 0;
  let onDrained: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  /** In the place of one of `limit`; whoever calls it has counted it as taken. */
  async function obtain(): Promise<C> {
    for (let last = idle.pop(); last; last = idle.pop()) {
      const isFresh = performance.now() - last.since < options.trustedIdleMs;
      if (last.pooled.isOpen() && (isFresh || (await last.pooled.answers()))) return last.pooled;
      last.pooled.end();
    }
    return await options.open();
  }

  /** The last one used comes first, so that those not needed stay idle. What others hold or wait for is `taken`. */
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
    const [next] = waiting;
    if (next) void serve(called(next));
    else if (taken === 0) onDrained?.();
  }

  function wait({ resolve, reject }: Caller<C>): void {
    const timer = setTimeout(() => {
      called(waiter).reject(busy(`no connection came free within ${options.waitMs} ms`));
    }, options.waitMs);
    const waiter = { resolve, reject, timer };
    waiting.add(waiter);
  }

  /** Who waits no longer. Whoever was told that it took too long would give nothing back. */
  function called(waiter: Waiting<C>): Caller<C> {
    waiting.delete(waiter);
    clearTimeout(waiter.timer);
    return waiter;
  }

  function drain(): Promise<void> {
    for (const each of waiting) called(each).reject(closed());
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
        if (waiting.size >= options.queueLimit) return reject(busy("too many wait for a connection"));
        wait({ resolve, reject });
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

function busy(why: string): unknown {
  return unavailable(new Error(why));
}

function closed(): Error {
  return new Error("the database was closed");
}
