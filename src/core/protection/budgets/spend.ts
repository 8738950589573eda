import type { KeySpend } from "../../backend/ports.ts";
import { DAY_MS, HOUR_MS } from "../../time.ts";
import type { Learned } from "../guard/learned.ts";
import { type LimitCaller, type SendLimit, sendLimit } from "../limits/send-limit.ts";
import type { Estimate, PriceTable } from "./prices.ts";
import { openPart } from "./shares.ts";

/** What may be spent in one window, in millionths of a unit of the currency. An absent budget is unlimited. */
export interface Budget {
  readonly total?: number;
  readonly byCountry: Readonly<Record<string, number>>;
  readonly bySender: Readonly<Record<string, number>>;
}

export interface MoneySettings {
  readonly prices: PriceTable;
  /** `SPEND_HOUR` and `SPEND_DAY`. */
  readonly hour: Budget;
  readonly day: Budget;
}

/** The part of a budget by which strangers who solved a third party's challenge may exceed it. */
const RESERVE = 0.1;

/** One budget, and the key under which its sum is kept. */
export interface NamedBudget {
  readonly name: string;
  readonly key: string;
  readonly windowMs: number;
  readonly max: number;
}

const WINDOWS = [
  { name: "spend_hour", of: "hour", windowMs: HOUR_MS },
  { name: "spend_day", of: "day", windowMs: DAY_MS },
] as const;

/** The budgets that a message through this sender to this country is paid from. */
export function budgetsOf(settings: MoneySettings, sender: string, country: string): NamedBudget[] {
  const budgets: NamedBudget[] = [];
  const add = (name: string, key: string, windowMs: number, max: number | undefined) => {
    if (max !== undefined) budgets.push({ name, key, windowMs, max });
  };
  for (const { name, of, windowMs } of WINDOWS) {
    const { total, byCountry, bySender } = settings[of];
    add(name, "spend", windowMs, total);
    add(`${name}_country`, `spend:country:${country}`, windowMs, byCountry[country]);
    add(`${name}_sender`, `spend:sender:${sender}`, windowMs, bySender[sender]);
  }
  return budgets;
}

/**
 * The sums that a backend's messages count in, all of its keys together. They count even if the backend has no budget,
 * so that a correction or a rebuild need not know what the key was at the time.
 */
export function backendSums(
  backend: string,
): { readonly name: keyof KeySpend; readonly key: string; readonly windowMs: number }[] {
  return [
    { name: "hour", key: `spend:client:${backend}`, windowMs: HOUR_MS },
    { name: "day", key: `spend:client:${backend}`, windowMs: DAY_MS },
  ];
}

function backendLimits({ backend }: LimitCaller, amount: number): SendLimit[] {
  if (!backend) return [];
  return backendSums(backend.client).map(({ name, key, windowMs }) => {
    const windows = [{ max: backend.spend[name] ?? Number.MAX_SAFE_INTEGER, windowMs }];
    return sendLimit(`spend_${name}_client`, key, windows, { amount });
  });
}

/** Whether the caller is a backend with a budget of its own. Used-up shared budgets do not stop such a backend. */
function paysItself({ backend }: LimitCaller): boolean {
  return backend !== undefined && Object.keys(backend.spend).length > 0;
}

/**
 * The limits of budgets on a send.
 * - Known devices, and backends with a budget of their own, count in shared budgets but are always let through.
 * - Other backends may use all of a shared budget, since they have limits of their own.
 * - Strangers may use the open part of a shared budget, and beyond it what their network's share pays for. After that a
 *   third party's challenge opens a tenth more, and a proof of work nothing.
 */
export function spendLimits(
  settings: MoneySettings,
  caller: LimitCaller,
  { sender, price: amount }: Estimate,
  learned: Learned,
): SendLimit[] {
  const { country } = caller.traffic;
  if (amount === 0) return [];
  const shared = budgetsOf(settings, sender, country).map((budget) =>
    sharedLimit(budget, caller, amount, learned),
  );
  return [...shared, ...backendLimits(caller, amount)];
}

function sharedLimit(
  { name, key, windowMs, max }: NamedBudget,
  caller: LimitCaller,
  amount: number,
  learned: Learned,
): SendLimit {
  const { bucket, standing, backend } = caller;
  const upTo = (part: number) => [{ max: Math.floor(max * part), windowMs }];
  if (bucket === "device" || paysItself(caller))
    return sendLimit(name, key, upTo(1), { amount, advisory: true, isShared: true });
  const isThirdParty = standing.name !== "exempt" && standing.isThirdParty;
  const more = standing.name === "solved" && isThirdParty ? RESERVE : 0;
  const asksCaptcha = standing.name === "unsolved" && isThirdParty;
  const inShare = upTo(1 + more);
  return sendLimit(name, key, upTo((backend ? 1 : openPart(learned)) + more), {
    amount,
    asksCaptcha,
    isShared: true,
    inShare,
  });
}
