import { randomInt } from "node:crypto";
import { isConflict } from "./errors.ts";

/** Runs work again that was undone because of others. All other errors go to the caller. */
export type Retry = <T>(run: () => Promise<T>) => Promise<T>;

const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 200;

/** @param forMs after this time failed work is no longer tried again */
export function createRetry(forMs: number): Retry {
  return async (run) => {
    const deadline = performance.now() + forMs;
    for (let tries = 0; ; tries++) {
      try {
        return await run();
      } catch (error) {
        if (!isConflict(error) || performance.now() >= deadline) throw error;
      }
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
    }
  };
}

/** A random pause up to this long, so that transactions that collided do not meet again. */
function pause(mostMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, randomInt(mostMs) + 1));
}
