import type { StepUpInput } from "../../../core/account/factors/step-up.ts";
import type { Session } from "../../../core/session/ports.ts";
import { MINUTE_MS } from "../../../core/time.ts";
import type { HttpDeps } from "../../context.ts";
import { awaitFirstClick } from "../forms/first-click.ts";
import type { Visitor } from "../visitor.ts";

/**
 * The session, if the shown factor has raised it a moment ago because a form was sent twice. Must be called after
 * `stepUp`, which counts guesses.
 */
export async function raisedBefore(
  deps: HttpDeps,
  visitor: Visitor,
  shown: StepUpInput,
): Promise<Session | undefined> {
  // Only if exactly this was shown: otherwise an old, copied cookie would bring its holder the new one.
  if (!(await deps.phonekey.sessions.wasShown(shown))) return undefined;
  const session = await onceRaised(deps, visitor);
  const { by } = shown.evidence;
  if (!session || by === "sms") return session;
  const isNew = session.amr.at(-1) === by && deps.clock.now() - session.authTime < MINUTE_MS;
  return isNew ? session : undefined;
}

/**
 * The session, after waiting for the first click with the same right code to raise it. It may also have been raised
 * long ago.
 */
async function onceRaised(
  deps: HttpDeps,
  { cookie, principal: { session } }: Visitor,
): Promise<Session | undefined> {
  const found = await awaitFirstClick(
    deps,
    () => deps.phonekey.sessions.authenticatePage(cookie),
    (seen) => !seen.ok || seen.value.current.generation !== session.generation,
  );
  return found.ok ? found.value.current : undefined;
}
