import { estimate } from "../protection/budgets/prices.ts";
import { shareLimits } from "../protection/budgets/shares.ts";
import { captchaRequired } from "../protection/challenges/judge.ts";
import { tooMany } from "../protection/limits/count-event.ts";
import type { RefusedTake, Taken, TakeResult } from "../protection/limits/ports.ts";
import type { LimitCaller, SendLimit } from "../protection/limits/send-limit.ts";
import { decisionOf, refusingLimit, sendLimits, type Tried, takeInShare } from "../protection/sends.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { MINUTE_MS } from "../time.ts";
import type { VerificationDeps } from "./deps.ts";
import type { HashedKey } from "./idempotency.ts";

/** The refusals of a send by limits, budgets, guard or an idempotency key. A refused send counts nothing. */
export type TakeRefusal = "too_many_requests" | "idempotency_in_progress" | "captcha_required";

/** The shortest retry time told for a limit that callers share. A more exact one would tell of the others' traffic. */
const SHARED_RETRY_MS = 5 * MINUTE_MS;

/**
 * Counts a send against limits, budgets and guard, and sets guesses aside for it. A refused send changes nothing.
 * Refused with `too_many_requests`, with `captcha_required` if a stranger may go on by solving a challenge, and with
 * `idempotency_in_progress` while another request with the same key runs.
 *
 * @param take counts the message against these limits, under its own member
 */
export async function countSend(
  deps: VerificationDeps,
  { caller, idempotency }: { readonly caller: LimitCaller; readonly idempotency: HashedKey | undefined },
  take: (limits: readonly SendLimit[]) => Promise<TakeResult>,
  now: number,
): Promise<Result<Tried<Taken>, TakeRefusal>> {
  const counted = estimate(deps, caller.traffic.country);
  const send = { caller, estimate: counted, ...(idempotency && { idempotencyKey: idempotency.key }) };
  const learned = await deps.learned();
  const { taken, limits } = await takeInShare(
    take,
    sendLimits(deps.settings, send, learned),
    shareLimits(deps.settings.money, caller, counted, learned),
  );
  deps.onDecision(decisionOf(caller, { taken, limits }));
  return taken.ok ? ok({ taken, limits }) : refusedSend(deps, taken, limits, now);
}

/** The refusal that answers a refused take. */
function refusedSend(
  { challenges }: Pick<VerificationDeps, "challenges">,
  taken: RefusedTake,
  limits: readonly SendLimit[],
  now: number,
): Result<never, TakeRefusal> {
  if (taken.refusedBy === "idempotency") return refuse("idempotency_in_progress", { retryAfterSeconds: 1 });
  const refusing = refusingLimit(limits, taken);
  if (challenges && refusing?.asksCaptcha) return captchaRequired(challenges);
  return tooMany(Math.max(taken.retryAt, refusing?.isShared ? now + SHARED_RETRY_MS : now), now);
}
