import type { MessageOutline } from "../delivery/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { VerificationDeps } from "./deps.ts";

/**
 * Leaves on the route the senders that have a text for this message; of a transaction those that can say amount and payee.
 * A code that came without them would not be bound to what the person saw (PSD2 RTS, article 5), so where there is none,
 * nothing is sent. Any other message stays with all of them where none has a text: they say so, and the operator hears of it.
 */
export function narrowRoute(
  deps: VerificationDeps,
  message: MessageOutline,
): Result<VerificationDeps, "template_unavailable"> {
  const route = deps.route.filter(({ templatesOnly, carries }) => {
    return carries?.(message) ?? !(message.transaction && templatesOnly);
  });
  if (route.length > 0) return ok({ ...deps, route });
  return message.transaction ? refuse("template_unavailable", { field: "transaction" }) : ok(deps);
}
