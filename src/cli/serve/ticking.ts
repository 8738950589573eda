import { randomInt } from "node:crypto";
import type { Composed } from "../../compose.ts";

/** About once a minute, at no fixed moment, so that ten servers that started together do not ask together. */
const EVERY_MS = [50_000, 70_000] as const;
const FIRST_MS = [2_000, 12_000] as const;
/** Work that any server finished this recently is not done again. */
const MIN_GAP_MS = 45_000;

/**
 * Does periodic work as long as the server runs, one tick at a time. A failure is logged, and the work is tried again.
 */
export function startTicking({ tick, log }: Pick<Composed, "tick" | "log">): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const wait = ([least, most]: readonly [number, number]) => {
    timer = setTimeout(
      () => {
        running = run();
      },
      randomInt(least, most),
    ).unref();
  };
  const run = async () => {
    try {
      const report = await tick({ minGapMs: MIN_GAP_MS, signal: stopping.signal });
      if (!report.ran) return;
      for (const { task, error: err } of report.failures) log.error({ err, task }, "periodic work failed");
    } catch (err) {
      log.error({ err }, "periodic work failed");
    } finally {
      if (!stopping.signal.aborted) wait(EVERY_MS);
    }
  };
  wait(FIRST_MS);
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
