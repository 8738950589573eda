import type { AlertDetail, AlertStore, Alerts } from "../alerts/ports.ts";
import type { ApiKeyStore, KeySpend } from "../backend/ports.ts";
import type { Clock } from "../ports.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import { MICROS } from "./budgets/prices.ts";
import { openPart } from "./budgets/shares.ts";
import type { Budget, MoneySettings } from "./budgets/spend.ts";
import { openBound } from "./guard/guard.ts";
import type { Learned } from "./guard/learned.ts";
import type { BaselineStore, Spent, TrafficStore } from "./guard/ports.ts";

/** The operator hears of it at this part of what strangers from anywhere may use, before that is used up. */
const ALERT_AT = 0.8;

export interface WatchDeps {
  readonly traffic: Pick<TrafficStore, "spent" | "open">;
  readonly baselines: Pick<BaselineStore, "list">;
  readonly apiKeys: Pick<ApiKeyStore, "findLive">;
  readonly alerts: Pick<Alerts, "raise" | "clear">;
  readonly standing: AlertStore["standing"];
  readonly clock: Clock;
  readonly settings: { readonly money: MoneySettings };
}

/** Tells the operator when a budget or a country comes near the point where strangers notice, and when that is over. */
export async function watch(deps: WatchDeps): Promise<void> {
  const now = deps.clock.now();
  const known = new Map((await deps.baselines.list()).map(({ subject, value }) => [subject, value]));
  const learned: Learned = (subject) => known.get(subject);
  await watchSpending(deps, ALERT_AT * openPart(learned), now);
  await watchTraffic(deps, learned, now);
}

/** A budget, and how much of it was spent. */
interface Used {
  readonly subject: string;
  /** In millionths. */
  readonly max: number;
  readonly micros: number;
  /** The part of `max` from which on the operator is told. */
  readonly alertAt: number;
}

async function watchSpending(deps: WatchDeps, sharedAlertAt: number, now: number): Promise<void> {
  const { hour, day } = deps.settings.money;
  const lastHour = await deps.traffic.spent(now - HOUR_MS);
  const lastDay = await deps.traffic.spent(now - DAY_MS);
  const watched = [
    ...usedOf("hour", hour, lastHour, sharedAlertAt),
    ...usedOf("day", day, lastDay, sharedAlertAt),
    ...(await usedByKeys(deps, { hour: lastHour, day: lastDay }, now)),
  ];
  const names = watched.map(({ subject }) => subject);
  await clearOthers(deps, "spend", names);
  for (const { subject, max, micros, alertAt } of watched) {
    const detail = { spent: micros / MICROS, budget: max / MICROS };
    await tell(deps, { kind: "spend", subject, detail }, micros >= alertAt * max);
  }
}

/** How much each part of a budget has, if it is set, and how much of it was spent. */
function usedOf(
  window: string,
  { total, byCountry, bySender }: Budget,
  spent: readonly Spent[],
  alertAt: number,
): Used[] {
  const used = (name: string, max: number, fits: (one: Spent) => boolean) => {
    return { subject: `${window}/${name}`, max, micros: sumOf(spent.filter(fits)), alertAt };
  };
  return [
    ...(total === undefined ? [] : [used("total", total, () => true)]),
    ...Object.entries(byCountry).map(([name, max]) => used(name, max, ({ country }) => country === name)),
    ...Object.entries(bySender).map(([name, max]) => used(name, max, ({ sender }) => sender === name)),
  ];
}

/**
 * The same for the backends that spent something and have a budget of their own. The budget is that of their newest
 * key.
 */
async function usedByKeys(
  { apiKeys }: WatchDeps,
  spent: Readonly<Record<keyof KeySpend, readonly Spent[]>>,
  now: number,
): Promise<Used[]> {
  const used: Used[] = [];
  for (const backend of new Set(spent.day.flatMap(({ client }) => client ?? []))) {
    const budgets = (await apiKeys.findLive(backend, now))?.spend;
    for (const window of ["hour", "day"] as const) {
      const max = budgets?.[window];
      const own = spent[window].filter((one) => one.client === backend);
      if (max === undefined || own.length === 0) continue;
      used.push({ subject: `${window}/key/${backend}`, max, micros: sumOf(own), alertAt: ALERT_AT });
    }
  }
  return used;
}

function sumOf(spent: readonly Spent[]): number {
  return spent.reduce((sum, { micros }) => sum + micros, 0);
}

async function watchTraffic(deps: WatchDeps, learned: Learned, now: number): Promise<void> {
  const open = await deps.traffic.open(now - DAY_MS);
  const all = open.reduce((total, { count }) => total + Math.max(0, count), 0);
  const watched = [
    { name: "all", subject: "total", count: all },
    ...open.map(({ country, count }) => ({ name: country, subject: `country:${country}`, count })),
  ];
  const names = watched.map(({ name }) => name);
  await clearOthers(deps, "attack", names);
  for (const { name, subject, count } of watched) {
    const bound = Math.max(openBound(subject) ?? 0, learned(subject) ?? 0);
    const detail = { unapproved: count, bound: Math.floor(bound) };
    await tell(deps, { kind: "attack", subject: name, detail }, count >= ALERT_AT * bound);
  }
}

/** What an alert of budgets or traffic tells of. */
interface Told {
  readonly kind: "spend" | "attack";
  readonly subject: string;
  readonly detail: AlertDetail;
}

/** Ends the alerts whose subject is no longer watched: a country fell quiet, or a budget or a key is gone. */
async function clearOthers(
  { alerts, standing }: WatchDeps,
  kind: Told["kind"],
  watched: readonly string[],
): Promise<void> {
  const over = (await standing()).filter((one) => one.kind === kind && !watched.includes(one.subject));
  for (const { subject } of over) await alerts.clear(kind, subject);
}

async function tell({ alerts }: WatchDeps, { kind, subject, detail }: Told, holds: boolean): Promise<void> {
  if (holds) await alerts.raise(kind, subject, detail);
  else await alerts.clear(kind, subject);
}
