import type { MessageOutline } from "../delivery/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { VerificationDeps } from "./deps.ts";

/**
 * Leaves on the route the senders that have a text for this message.
 *
 * A text for a transaction must say amount and payee: a code without them would not be bound to what the person saw
 * (PSD2 RTS, article 5). If no sender has such a text, nothing is sent. If no sender has a text for any other message,
 * all stay on the route: they refuse it, and the operator hears of it.
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
