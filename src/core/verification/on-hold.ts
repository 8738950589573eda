import type { DeliverDeps } from "../delivery/deliver.ts";
import { tooMany } from "../protection/limits.ts";
import { ok, type Result } from "../refusals.ts";

/**
 * Refuses while a sender takes nothing for this phone, as its answer to an earlier message said (`heldUntil`). The durable
 * record is asked: after a restart or a lost Redis, too, no message goes out that is certain to be refused.
 */
export async function refuseOnHold(
  { route, messages }: Pick<DeliverDeps, "route" | "messages">,
  phoneTag: string,
  now: number,
): Promise<Result<void, "too_many_requests">> {
  if (!route.some((sender) => sender.holdsNumbers)) return ok(undefined);
  const until = await messages.heldUntil(phoneTag, now);
  return until === undefined ? ok(undefined) : tooMany(until, now);
}
