import type { AlertDetail, AlertStore, Alerts } from "../alerts/ports.ts";
import type { Clock } from "../ports.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import { openBound } from "./guard.ts";
import type { BaselineStore, Learned } from "./learned.ts";
import type { Spent, TrafficStore } from "./ports.ts";
import { MICROS } from "./prices.ts";
import { openPart } from "./shares.ts";
import type { Budget, MoneySettings } from "./spend.ts";

/** An operator hears of it before what strangers from anywhere may use is used up. */
const ALERT_AT = 0.8;

export interface WatchDeps {
  readonly traffic: Pick<TrafficStore, "spent" | "open">;
  readonly baselines: Pick<BaselineStore, "list">;
  readonly alerts: Pick<Alerts, "raise" | "clear">;
  readonly standing: AlertStore["standing"];
  readonly clock: Clock;
  readonly settings: { readonly money: MoneySettings };
}

/** Tells the operator of budgets and of countries that come near to where strangers notice, and when it is over. */
export async function watch(deps: WatchDeps): Promise<void> {
  const now = deps.clock.now();
  const known = new Map((await deps.baselines.list()).map(({ subject, value }) => [subject, value]));
  const learned: Learned = (subject) => known.get(subject);
  const alertAt = ALERT_AT * openPart(learned);
  const { hour, day } = deps.settings.money;
  await watchBudget(deps, { name: "hour", budget: hour, since: now - HOUR_MS }, alertAt);
  await watchBudget(deps, { name: "day", budget: day, since: now - DAY_MS }, alertAt);
  await watchTraffic(deps, learned, now);
}

interface BudgetWindow {
  readonly name: string;
  readonly budget: Budget;
  /** Epoch milliseconds. */
  readonly since: number;
}

async function watchBudget(
  deps: WatchDeps,
  { name: window, budget, since }: BudgetWindow,
  alertAt: number,
): Promise<void> {
  for (const { name, max, micros } of usedOf(budget, await deps.traffic.spent(since))) {
    const detail = { spent: micros / MICROS, budget: max / MICROS };
    await tell(deps, { kind: "spend", subject: `${window}/${name}`, detail }, micros >= alertAt * max);
  }
}

/** How much there is in each part of a budget that is set, and how much of it was spent. */
function usedOf({ total, byCountry, bySender }: Budget, spent: readonly Spent[]) {
  const used = (name: string, max: number, fits: (one: Spent) => boolean) => {
    return { name, max, micros: spent.filter(fits).reduce((sum, { micros }) => sum + micros, 0) };
  };
  return [
    ...(total === undefined ? [] : [used("total", total, () => true)]),
    ...Object.entries(byCountry).map(([name, max]) => used(name, max, ({ country }) => country === name)),
    ...Object.entries(bySender).map(([name, max]) => used(name, max, ({ sender }) => sender === name)),
  ];
}

async function watchTraffic(deps: WatchDeps, learned: Learned, now: number): Promise<void> {
  const open = await deps.traffic.open(now - DAY_MS);
  const all = open.reduce((total, { count }) => total + Math.max(0, count), 0);
  const watched = [
    { name: "all", subject: "total", count: all },
    ...open.map(({ country, count }) => ({ name: country, subject: `country:${country}`, count })),
  ];
  const quiet = (await deps.standing()).filter(
    ({ kind, subject }) => kind === "attack" && !watched.some(({ name }) => name === subject),
  );
  for (const { subject } of quiet) await deps.alerts.clear("attack", subject);
  for (const { name, subject, count } of watched) {
    const bound = Math.max(openBound(subject) ?? 0, learned(subject) ?? 0);
    const detail = { unapproved: count, bound: Math.floor(bound) };
    await tell(deps, { kind: "attack", subject: name, detail }, count >= ALERT_AT * bound);
  }
}

async function tell(
  { alerts }: WatchDeps,
  {
    kind,
    subject,
    detail,
  }: { readonly kind: "spend" | "attack"; readonly subject: string; readonly detail: AlertDetail },
  holds: boolean,
): Promise<void> {
  if (holds) await alerts.raise(kind, subject, detail);
  else await alerts.clear(kind, subject);
}
