import { MINUTE_MS } from "../time.ts";
import type { Estimate } from "./budgets/prices.ts";
import { limitsInShare } from "./budgets/shares.ts";
import { type MoneySettings, spendLimits } from "./budgets/spend.ts";
import { type GuardSettings, guardLimits } from "./guard/guard.ts";
import type { Learned } from "./guard/learned.ts";
import type { Limit, LimitStore, RefusedTake, TakeResult } from "./limits/ports.ts";
import { type LimitCaller, type SendLimit, sendLimit } from "./limits/send-limit.ts";
import type { LimitSettings } from "./limits/settings.ts";
import { sumsOf } from "./limits/sums.ts";
import { tableLimits } from "./limits/table.ts";

export interface ProtectionSettings {
  readonly limits: LimitSettings;
  readonly guard: GuardSettings;
  readonly money: MoneySettings;
}

/** A send, as far as protection is concerned. */
export interface Send {
  readonly caller: LimitCaller;
  /** What it is counted as. The sender that really sent it corrects this. */
  readonly estimate: Estimate;
  readonly idempotencyKey?: string;
}

/**
 * All that one message is counted against, in the order in which it is checked: running requests with its key, the
 * table of limits, the guard, the money, and the challenge that was solved for it. All count or none.
 */
export function sendLimits(settings: ProtectionSettings, send: Send, learned: Learned): SendLimit[] {
  const { caller, estimate, idempotencyKey } = send;
  return [
    ...(idempotencyKey ? [runningRequest(idempotencyKey)] : []),
    ...tableLimits(settings.limits, caller, learned),
    ...guardLimits(settings.guard.mode, caller, learned),
    ...spendLimits(settings.money, caller, estimate, learned),
    ...(caller.standing.name === "solved" ? caller.standing.limits : []),
  ];
}

const RUNNING_REQUEST_MS = MINUTE_MS;

/** Refuses a second request with this idempotency key while the first one runs. */
export function runningRequest(key: string): SendLimit {
  return sendLimit("idempotency", `idempotency:${key}`, [{ max: 1, windowMs: RUNNING_REQUEST_MS }], {});
}

/** A take that was tried, and the limits that decided it. */
export interface Tried<T extends TakeResult = TakeResult> {
  readonly taken: T;
  readonly limits: readonly SendLimit[];
}

/**
 * Takes a send. If a limit that makes room for shares (`inShare`) refuses it, the send is taken once more as one that
 * its network's share pays for. Each of the two takes counts everywhere or nowhere. If the share has no room either,
 * the first refusal stands, unless the second one asks for a challenge.
 */
export async function takeInShare(
  take: (limits: readonly SendLimit[]) => Promise<TakeResult>,
  limits: readonly SendLimit[],
  shares: readonly SendLimit[],
): Promise<Tried> {
  const taken = await take(limits);
  if (taken.ok || shares.length === 0) return { taken, limits };
  const refusing = refusingLimit(limits, taken);
  if (!refusing?.inShare || refusing.asksCaptcha) return { taken, limits };
  const inShare = limitsInShare(limits, shares);
  const again = await take(inShare);
  if (again.ok) {
    const exceeded = [taken.refusedBy, ...(again.exceeded ?? [])];
    return { taken: { ...again, exceeded }, limits: inShare };
  }
  return refusingLimit(inShare, again)?.asksCaptcha ? { taken: again, limits: inShare } : { taken, limits };
}

/** The limit that refused a take; undefined if it was the lease. */
export function refusingLimit(
  limits: readonly SendLimit[],
  { refusedBy }: RefusedTake,
): SendLimit | undefined {
  return limits.find(({ name }) => name === refusedBy);
}

/** What was decided about a send, for log and metrics. It does not tell whom the send was for. */
export interface Decision {
  readonly decision: "allow" | "challenge" | "deny";
  /** The limit that refused. */
  readonly by?: string;
  /**
   * Limits that would have refused: the guard's in mode `record`, budgets that known devices exceeded, and the limit
   * that made room for a share.
   */
  readonly exceeded: readonly string[];
  readonly bucket: LimitCaller["bucket"];
  readonly country: string;
}

/** What a take decided about this caller's send. */
export function decisionOf(caller: LimitCaller, { taken, limits }: Tried): Decision {
  const who = { bucket: caller.bucket, country: caller.traffic.country };
  if (taken.ok) return { decision: "allow", exceeded: taken.exceeded ?? [], ...who };
  const asks = refusingLimit(limits, taken)?.asksCaptcha;
  return { decision: asks ? "challenge" : "deny", by: taken.refusedBy, exceeded: [], ...who };
}

/** Takes back all that was counted at `at` for a send that is not made after all. */
export async function takeBack(
  store: Pick<LimitStore, "forget" | "correct">,
  { limits, member }: { readonly limits: readonly Limit[]; readonly member: string },
  at: number,
): Promise<void> {
  const events = limits.filter(({ amount }) => amount === undefined);
  const keys = events.flatMap(({ key, part }) => (part ? [key, part.key] : [key]));
  await store.forget([...new Set(keys)], [member]);
  await store.correct(sumsOf(limits, at).map((sum) => ({ ...sum, amount: -sum.amount })));
}
