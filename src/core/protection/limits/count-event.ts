import type { Clock, Random } from "../../ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import type { Limit, LimitStore } from "./ports.ts";

export interface CountDeps {
  readonly limits: Pick<LimitStore, "take">;
  readonly clock: Clock;
  readonly random: Random;
}

/** Counts one event that is no message against all of these limits. If one has no room, refuses and counts nothing. */
export async function countOn(
  deps: CountDeps,
  limits: readonly Limit[],
): Promise<Result<void, "too_many_requests">> {
  const now = deps.clock.now();
  const taken = await deps.limits.take({ member: deps.random.uuid(now), limits }, now);
  return taken.ok ? ok(undefined) : tooMany(taken.retryAt, now);
}

/** The refusal of a limit that lets the next event through at `retryAt`. */
export function tooMany(retryAt: number, now: number): Result<never, "too_many_requests"> {
  return refuse("too_many_requests", { retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)) });
}
