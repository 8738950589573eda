import type { DeliverDeps } from "../delivery/deliver.ts";
import { tooMany } from "../protection/limits.ts";
import { ok, type Result } from "../refusals.ts";

/**
 * Refuses while a sender has this phone on hold: it takes nothing for it, as its answer to an earlier message said. The
 * durable record is asked, so that neither a restart nor a lost Redis lets a message through that is refused for certain.
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
