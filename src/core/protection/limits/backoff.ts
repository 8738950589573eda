import type { Backoff, Limit } from "./ports.ts";

/**
 * When a backoff lets the next event through. Each event that leaves the window takes its part of the wait with it, so
 * nobody waits longer than the window.
 *
 * @param times when the events happened, epoch milliseconds, oldest first
 * @returns epoch milliseconds; `now` if there is nothing to wait for
 */
export function backoffEndsAt(times: readonly number[], backoff: Backoff, now: number): number {
  if (times.length === 0) return now;
  const { windowMs } = backoff;
  const counted = times.filter((at) => at > now - windowMs);
  const last = counted.at(-1) ?? now;
  let from = now;
  for (const [left, at] of counted.entries()) {
    const wait = waitMs(backoff, counted.length - left);
    const free = wait > 0 ? Math.max(from, last + wait) : from;
    if (free < at + windowMs) return free;
    from = Math.max(from, at + windowMs);
  }
  return from;
}

/** How long a backoff waits after the last of `count` events. */
function waitMs({ baseMs, from = 1, every = 1 }: Backoff, count: number): number {
  const beyond = count - from;
  return beyond >= 0 && beyond % every === 0 ? baseMs * 2 ** (beyond / every) : 0;
}

/** How far back a limit looks, milliseconds; 0 if it only counts. */
export function lookbackMs({ windows, backoff }: Pick<Limit, "windows" | "backoff">): number {
  let longest = backoff?.windowMs ?? 0;
  for (const { windowMs } of windows) longest = Math.max(longest, windowMs);
  return longest;
}

/**
 * Whether a take tells when this limit lets the next event through. It does so for a wait of the caller's own, never
 * for a block.
 */
export function tellsNext({ backoff, advisory, untold }: Limit): boolean {
  return backoff !== undefined && (backoff.from ?? 1) === 1 && !advisory && !untold;
}
