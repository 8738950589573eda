import type { LimitCheck } from "./ports.ts";

/**
 * From when on a backoff lets the next event through: `baseMs * 2^(n-1)` after the last of the `n` events within its
 * window. Each event that leaves the window halves the wait, so it is at most the window's length.
 *
 * @param times when the events happened, epoch milliseconds, oldest first
 * @returns epoch milliseconds; `now` where nothing has to be waited for
 */
export function backoffEndsAt(
  times: readonly number[],
  { baseMs, windowMs }: NonNullable<LimitCheck["backoff"]>,
  now: number,
): number {
  const counted = times.filter((at) => at > now - windowMs);
  const last = counted.at(-1) ?? now;
  let from = now;
  for (const [left, at] of counted.entries()) {
    const waitMs = baseMs * 2 ** (counted.length - left - 1);
    const free = Math.max(from, last + waitMs);
    if (free < at + windowMs) return free;
    from = Math.max(from, at + windowMs);
  }
  return from;
}
