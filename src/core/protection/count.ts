import type { Clock, Random } from "../ports.ts";
import { ok, type Result } from "../refusals.ts";
import { tooMany } from "./limits.ts";
import type { LimitCheck, LimitStore } from "./ports.ts";

export interface CountDeps {
  readonly limits: Pick<LimitStore, "take">;
  readonly clock: Clock;
  readonly random: Random;
}

/** Counts one event that is no message against all of these limits; where one has no room, refuses and counts nothing. */
export async function countOn(
  { limits, clock, random }: CountDeps,
  checks: readonly LimitCheck[],
): Promise<Result<void, "too_many_requests">> {
  const now = clock.now();
  const taken = await limits.take({ member: random.uuid(now), checks }, now);
  return taken.ok ? ok(undefined) : tooMany(taken.retryAt, now);
}
