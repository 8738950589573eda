import { isBusy } from "./errors.ts";

/** Tries again while another process has locked the file, until the deadline (of `performance.now`). */
export type Retry = <T>(run: () => T, deadline: number) => Promise<T>;

const PAUSES_MS = [1, 2, 5, 10, 20, 40];

export async function retryWhileBusy<T>(run: () => T, deadline: number): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await pause(PAUSES_MS[tries] ?? 50);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
