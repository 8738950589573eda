import type { Clock } from "../../core/ports.ts";

/** A value that is loaded when first needed and again when it has grown old. */
export interface Cache<T> {
  /**
   * The value, at most `cacheMs` old. If loading fails, the last value is returned as long as it is younger than
   * `graceMs`; after that this rejects with the error of the load.
   */
  get(): Promise<T>;
  /**
   * Loads again, but at most once in `pauseMs` for all callers; in between it returns the current value. Rejects if
   * loading fails: then nobody can say that something does not exist.
   */
  refresh(): Promise<T>;
  /** Any value whose load began before this call no longer counts as fresh. */
  invalidate(): void;
}

export interface CacheOptions<T> {
  load(previous: T | undefined): Promise<T>;
  readonly clock: Clock;
  readonly cacheMs: number;
  readonly graceMs: number;
  readonly pauseMs: number;
  onError(error: unknown): void;
}

interface Held<T> {
  readonly value: T;
  readonly at: number;
  readonly epoch: number;
}

/** Creates a cache with single flight: all concurrent callers share one load. */
export function createCache<T>(options: CacheOptions<T>): Cache<T> {
  const { clock, cacheMs, graceMs, pauseMs } = options;
  let held: Held<T> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let loading: Promise<Held<T>> | undefined;
  let epoch = 0;
  let refreshedAt = Number.NEGATIVE_INFINITY;

  async function attempt(): Promise<Held<T>> {
    const started = { at: clock.now(), epoch };
    try {
      held = { value: await options.load(held?.value), ...started };
      failure = undefined;
      return held;
    } catch (error) {
      failure = { error, at: clock.now() };
      options.onError(error);
      throw error;
    }
  }

  function join(): Promise<Held<T>> {
    loading ??= attempt().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function load(): Promise<T> {
    const wanted = epoch;
    const first = await join();
    // A load that began before invalidate() may have read the old value.
    return first.epoch >= wanted ? first.value : (await join()).value;
  }

  async function get(): Promise<T> {
    const now = clock.now();
    if (held && held.epoch === epoch && isWithin(now, held.at, cacheMs)) return held.value;
    const spare = held && isWithin(now, held.at, graceMs) ? held : undefined;
    if (spare && failure && isWithin(now, failure.at, pauseMs)) return spare.value;
    return spare ? load().catch(() => spare.value) : load();
  }

  async function refresh(): Promise<T> {
    const now = clock.now();
    if (loading !== undefined) return load();
    if (!isWithin(now, refreshedAt, pauseMs)) {
      refreshedAt = now;
      return load();
    }
    if (failure) throw failure.error;
    return get();
  }

  return {
    get,
    refresh,
    invalidate: () => {
      epoch += 1;
    },
  };
}

/** Also false after the clock was set back, so that a clock change never extends how long something is held (T20). */
function isWithin(now: number, since: number, ms: number): boolean {
  return now >= since && now - since < ms;
}
