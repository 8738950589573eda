import type { MessageOutline } from "../delivery/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { VerificationDeps } from "./deps.ts";

/**
 * Leaves on the route, for a message about a transaction, the senders that can say amount and payee. A code that came
 * without them would not be bound to what the person saw (PSD2 RTS, article 5), so where there is none, nothing is sent.
 */
export function narrowRoute(
  deps: VerificationDeps,
  message: MessageOutline,
): Result<VerificationDeps, "template_unavailable"> {
  if (!message.transaction) return ok(deps);
  const route = deps.route.filter(({ templatesOnly, carries }) => carries?.(message) ?? !templatesOnly);
  return route.length > 0 ? ok({ ...deps, route }) : refuse("template_unavailable", { field: "transaction" });
}
