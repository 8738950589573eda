import type { DeliverDeps } from "../delivery/deliver.ts";
import { tooMany } from "../protection/limits/count-event.ts";
import { ok, type Result } from "../refusals.ts";

/**
 * Refuses while the first sender of the route takes nothing for this phone, as its answer to an earlier message said
 * (`heldUntil`). A message that this sender throttles goes to no other sender. A later sender that holds the phone says
 * so itself, if it is asked. The durable record is read: even after a restart or a lost Redis, no message goes out that
 * is certain to be refused.
 */
export async function refuseOnHold(
  { route, messages }: Pick<DeliverDeps, "route" | "messages">,
  phoneTag: string,
  now: number,
): Promise<Result<void, "too_many_requests">> {
  const [first] = route;
  if (!first?.holdsNumbers) return ok(undefined);
  const until = await messages.heldUntil(phoneTag, first.name, now);
  return until === undefined ? ok(undefined) : tooMany(until, now);
}
