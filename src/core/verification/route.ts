import type { MessageOutline } from "../delivery/ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { VerificationDeps } from "./deps.ts";
import type { Purpose } from "./purpose.ts";
import { type TestNumber, testNumberOf, withTestRoute } from "./test-numbers.ts";

/** How one message goes. */
export interface Routed {
  /** The dependencies for this message: on the route are only senders that it may go through. */
  readonly deps: VerificationDeps;
  /** The test number that the phone is. It holds for the whole request, even if its time ends meanwhile. */
  readonly testNumber: TestNumber | undefined;
}

/**
 * How this message goes: through the senders that have a text for it, or nowhere if it is to a test number.
 *
 * A text for a transaction must say amount and payee: a code without them would not be bound to what the person saw
 * (PSD2 RTS, article 5). If no sender has such a text, nothing is sent. If no sender has a text for any other message,
 * all stay on the route: they refuse it, and the operator hears of it.
 *
 * @param installed holds the whole route
 */
export function routeFor(
  installed: VerificationDeps,
  message: MessageOutline & { readonly purpose: Purpose },
): Result<Routed, "template_unavailable"> {
  const { settings, clock } = installed;
  const wanted = { phone: message.to, purpose: message.purpose };
  const testNumber = testNumberOf(settings.testNumbers, wanted, clock.now());
  if (testNumber) return ok({ deps: withTestRoute(installed, testNumber), testNumber });
  const route = installed.route.filter(({ templatesOnly, carries }) => {
    return carries?.(message) ?? !(message.transaction && templatesOnly);
  });
  if (route.length > 0) return ok({ deps: { ...installed, route }, testNumber });
  if (message.transaction) return refuse("template_unavailable", { field: "transaction" });
  return ok({ deps: installed, testNumber });
}
