import type { LimitCaller } from "../protection/limits.ts";
import type { TakeRequest, TakeResult } from "../protection/ports.ts";
import { firstSender } from "../protection/prices.ts";
import { decisionOf, sendChecks, type Tried, takeInShare } from "../protection/sends.ts";
import { shareChecks } from "../protection/shares.ts";
import { ok, type Result } from "../refusals.ts";
import { refusedSend, type TakeRefusal, type VerificationDeps } from "./deps.ts";
import type { HashedKey } from "./idempotency.ts";

type Taken = TakeResult & { readonly ok: true };

/** Counts a send against all that protects, and sets guesses aside for it; or refuses, and changes nothing. */
export async function countSend(
  deps: VerificationDeps,
  { caller, idempotency }: { readonly caller: LimitCaller; readonly idempotency: HashedKey | undefined },
  request: Pick<TakeRequest, "member" | "lease">,
  now: number,
): Promise<Result<Tried<Taken>, TakeRefusal>> {
  const sender = firstSender(deps);
  const send = { caller, sender, ...(idempotency && { idempotencyKey: idempotency.key }) };
  const learned = await deps.learned();
  const { taken, checks } = await takeInShare(
    (tried) => deps.takeSend(caller.phoneTag, { checks: tried, ...request }, now),
    sendChecks(deps.settings, send, learned),
    shareChecks(deps.settings.money, caller, sender, learned),
  );
  deps.onDecision(decisionOf(caller, { taken, checks }));
  return taken.ok ? ok({ taken, checks }) : refusedSend(deps, taken, checks, now);
}
