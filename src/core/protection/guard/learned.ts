import type { Clock } from "../../ports.ts";
import { MINUTE_MS } from "../../time.ts";
import type { BaselineStore } from "./ports.ts";

/** What was learned about a subject of the guard or of a limit; undefined if nothing beyond its bound. */
export type Learned = (subject: string) => number | undefined;

/** How long a process uses what it has read. */
const CACHE_MS = MINUTE_MS;

/**
 * Reads what was learned at most once a minute, however many requests come. If it cannot be read, the last values stay
 * in use; if there are none, the bounds hold.
 */
export function createLearned(
  store: BaselineStore,
  clock: Clock,
  onError: (error: unknown) => void,
): () => Promise<Learned> {
  let values: ReadonlyMap<string, number> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const read = async () => {
    try {
      const baselines = await store.list();
      values = new Map(baselines.map(({ subject, value }) => [subject, value]));
    } catch (error) {
      onError(error);
    } finally {
      readAt = clock.now();
      reading = undefined;
    }
  };
  return async () => {
    if (Math.abs(clock.now() - readAt) >= CACHE_MS) {
      reading ??= read();
      await reading;
    }
    return (subject) => values.get(subject);
  };
}
