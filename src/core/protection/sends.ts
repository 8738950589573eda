import type { AllowList } from "./allow.ts";
import { type GuardMode, guardChecks } from "./guard.ts";
import type { Learned } from "./learned.ts";
import {
  type LimitCaller,
  type LimitSettings,
  limitChecks,
  runningRequest,
  type SendCheck,
} from "./limits.ts";
import type { LimitCheck, LimitStore, TakeResult } from "./ports.ts";
import { type MoneySettings, spendChecks } from "./spend.ts";
import { sumsOf } from "./sums.ts";

export interface GuardSettings {
  readonly mode: GuardMode;
  readonly allow: AllowList;
}

export interface ProtectionSettings {
  readonly limits: LimitSettings;
  readonly guard: GuardSettings;
  readonly money: MoneySettings;
}

/** A send, as far as protection is concerned. */
export interface Send {
  readonly caller: LimitCaller;
  /** The sender that is tried first; the one that really sent corrects what was counted. */
  readonly sender: string;
  readonly idempotencyKey?: string;
}

/**
 * All that one message is counted against, in the order in which it is looked at: running requests with its key, the
 * table of limits, the guard, the money, and the challenge that was solved for it. All count or none.
 */
export function sendChecks(settings: ProtectionSettings, send: Send, learned: Learned): SendCheck[] {
  const { caller, sender, idempotencyKey } = send;
  return [
    ...(idempotencyKey ? [runningRequest(idempotencyKey)] : []),
    ...limitChecks(settings.limits, caller, learned),
    ...guardChecks(settings.guard.mode, caller, learned),
    ...spendChecks(settings.money, caller, sender),
    ...(caller.standing.name === "solved" ? caller.standing.checks : []),
  ];
}

/** What came of a send that was judged: for log and metrics, so nothing of whom it was for. */
export interface Decision {
  readonly decision: "allow" | "challenge" | "deny";
  /** The check that refused. */
  readonly by?: string;
  /** Advisory checks that would have: the guard's in `record`, and budgets that known devices went beyond. */
  readonly exceeded: readonly string[];
  readonly bucket: LimitCaller["bucket"];
  readonly country: string;
}

/** What a take with these checks decided. */
export function decisionOf(caller: LimitCaller, checks: readonly SendCheck[], taken: TakeResult): Decision {
  const who = { bucket: caller.bucket, country: caller.traffic.country };
  if (taken.ok) return { decision: "allow", exceeded: taken.exceeded ?? [], ...who };
  const by = taken.refusedBy;
  const asks = checks.some(({ name, asksCaptcha }) => name === by && asksCaptcha);
  return { decision: asks ? "challenge" : "deny", by, exceeded: [], ...who };
}

/** Takes back all that was counted for a send at `at` that does not come about. */
export async function takeBack(
  limits: Pick<LimitStore, "forget" | "correct">,
  { checks, member }: { readonly checks: readonly LimitCheck[]; readonly member: string },
  at: number,
): Promise<void> {
  const events = checks.filter(({ amount }) => amount === undefined);
  const keys = events.flatMap(({ key, share }) => (share ? [key, share.key] : [key]));
  await limits.forget([...new Set(keys)], [member]);
  await limits.correct(sumsOf(checks, at).map((sum) => ({ ...sum, amount: -sum.amount })));
}
