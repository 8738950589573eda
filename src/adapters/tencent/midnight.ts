import { DAY_MS, HOUR_MS } from "../../core/time.ts";

/** The cloud counts hours and days in China Standard Time (+08:00), which knows no summer time. */
export const CHINA_OFFSET_MS = 8 * HOUR_MS;

/** When the cloud's next day begins, epoch milliseconds. */
export function nextMidnight(now: number): number {
  return Math.floor((now + CHINA_OFFSET_MS) / DAY_MS + 1) * DAY_MS - CHINA_OFFSET_MS;
}
