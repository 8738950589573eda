import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/ports.ts";

/** The time of this machine. */
export const systemClock: Clock = { now: () => Date.now() };

/** Resolves after so many milliseconds. */
export const pause = async (ms: number): Promise<void> => await sleep(ms);
