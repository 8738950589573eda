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
import { checksInShare } from "./shares.ts";
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
    ...spendChecks(settings.money, caller, sender, learned),
    ...(caller.standing.name === "solved" ? caller.standing.checks : []),
  ];
}

/** A take that was tried, and the checks that decided it. */
export interface Tried<T extends TakeResult = TakeResult> {
  readonly taken: T;
  readonly checks: readonly SendCheck[];
}

/**
 * Takes a send. Where a check refuses it that makes room for shares (`inShare`), it is taken once more as a send that its
 * network's share pays for: two takes, each of which counts everywhere or nowhere. Where the share has no room either, the
 * first refusal stands, unless the second one asks for a challenge.
 */
export async function takeInShare(
  take: (checks: readonly SendCheck[]) => Promise<TakeResult>,
  checks: readonly SendCheck[],
  shares: readonly SendCheck[],
): Promise<Tried> {
  const taken = await take(checks);
  if (taken.ok || shares.length === 0) return { taken, checks };
  const { inShare: yields, asksCaptcha } = checkOf(checks, taken) ?? {};
  if (!yields || asksCaptcha) return { taken, checks };
  const inShare = checksInShare(checks, shares);
  const again = await take(inShare);
  if (again.ok) {
    const exceeded = [taken.refusedBy, ...(again.exceeded ?? [])];
    return { taken: { ...again, exceeded }, checks: inShare };
  }
  return checkOf(inShare, again)?.asksCaptcha ? { taken: again, checks: inShare } : { taken, checks };
}

function checkOf(checks: readonly SendCheck[], { refusedBy }: TakeResult & { ok: false }) {
  return checks.find(({ name }) => name === refusedBy);
}

/** What was decided about a send, for log and metrics; nothing of whom it was for. */
export interface Decision {
  readonly decision: "allow" | "challenge" | "deny";
  /** The check that refused. */
  readonly by?: string;
  /**
   * Checks that would have refused: the guard's in mode `record`, budgets that known devices exceeded, what made room
   * for a share.
   */
  readonly exceeded: readonly string[];
  readonly bucket: LimitCaller["bucket"];
  readonly country: string;
}

/** What a take decided about this caller's send. */
export function decisionOf(caller: LimitCaller, { taken, checks }: Tried): Decision {
  const who = { bucket: caller.bucket, country: caller.traffic.country };
  if (taken.ok) return { decision: "allow", exceeded: taken.exceeded ?? [], ...who };
  const asks = checkOf(checks, taken)?.asksCaptcha;
  return { decision: asks ? "challenge" : "deny", by: taken.refusedBy, exceeded: [], ...who };
}

/** Takes back all that was counted at `at` for a send that is not made after all. */
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
