import type { AlertStore, Alerts } from "../alerts/ports.ts";
import type { Turns } from "../maintenance/ports.ts";
import type { Clock, Random } from "../ports.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import { openBound } from "./guard.ts";
import type { Baseline, BaselineStore } from "./learned.ts";
import { peakSubject } from "./limits.ts";
import { MICROS } from "./prices.ts";
import { numbersSubject, openPart } from "./shares.ts";
import type { MoneySettings } from "./spend.ts";

const WEEK_MS = 7 * DAY_MS;
/** How far back is looked for what is usual. */
const HISTORY_MS = 14 * DAY_MS;
/** A threshold of the guard grows by no more than this in a week: nobody teaches it an attack in a day. */
const GROWTH_A_WEEK = 1.1;
/** Every process has the shares of so many networks in hand; of more, those with the fewest numbers have none. */
const MOST_NETWORKS = 10_000;
/** An operator hears of it before what strangers from anywhere may use is used up. */
const ALERT_AT = 0.8;

/** How much was approved of one subject at best, in an hour or a day. */
export interface Peak {
  readonly subject: string;
  readonly count: number;
}

/** What the durable record says of traffic; of strangers' messages alone, but for what was spent. */
export interface TrafficStore {
  /** The best day after `since` of each address, network, prefix and country, and of all, named as the guard names them. */
  bestDays(since: number): Promise<readonly Peak[]>;
  /** The busiest hour after `since` of each country (by its code) and of all (an empty subject). */
  busiestHours(since: number): Promise<readonly Peak[]>;
  /**
   * From how many numbers each network's last approvals after `since` came, by its tag, at most `limit` of them, greatest first; and of
   * how many numbers in all (an empty subject). A number counts once, in the network that it was approved from last.
   */
  numbers(since: number, limit: number): Promise<readonly Peak[]>;
  /** What the messages after `since` cost, in millionths, by sender and country. */
  spent(
    since: number,
  ): Promise<readonly { readonly sender: string; readonly country: string; readonly micros: number }[]>;
  /** Messages after `since` that no approval came of and that did not fail, less those approved; by country. */
  open(since: number): Promise<readonly { readonly country: string; readonly count: number }[]>;
}

export interface LearnDeps {
  readonly traffic: TrafficStore;
  readonly baselines: BaselineStore;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
}

/** The name under which turns are taken. */
const LEARN = "learn";
const LEARN_FOR_MS = 60_000;

/** Learns what is usual from the approved traffic of the last days, about once an hour. Doing it twice changes nothing. */
export async function learn(deps: LearnDeps): Promise<boolean> {
  const { traffic, baselines, turns, clock, random } = deps;
  const now = clock.now();
  const holder = random.uuid(now);
  const turn = { task: LEARN, holder, until: now + LEARN_FOR_MS, notSince: now - HOUR_MS };
  if (!(await turns.take(turn, now))) return false;
  const known = new Map((await baselines.list()).map((one) => [one.subject, one]));
  const days = await traffic.bestDays(now - HISTORY_MS);
  const hours = await traffic.busiestHours(now - HISTORY_MS);
  const numbers = await traffic.numbers(now - HISTORY_MS, MOST_NETWORKS);
  const guarded = days.flatMap((peak) => grown(peak, known.get(peak.subject), now));
  const peaks = hours.map(({ subject, count }) => ({
    subject: peakSubject(subject === "" ? undefined : subject),
    value: count,
    updatedAt: now,
  }));
  const voters = numbers.map(({ subject, count }) => ({
    subject: numbersSubject(subject === "" ? undefined : subject),
    value: count,
    updatedAt: now,
  }));
  await baselines.replace([...guarded, ...peaks, ...voters]);
  await turns.finish(LEARN, holder, clock.now());
  return true;
}

/**
 * Grows towards the best day by a tenth a week, however often it is asked: half of the time twice is the whole of it
 * once. Nothing where the bound is enough.
 */
export function grown({ subject, count }: Peak, known: Baseline | undefined, now: number): Baseline[] {
  const bound = openBound(subject);
  if (bound === undefined || count <= bound) return [];
  const from = known ?? { value: bound, updatedAt: now };
  const most = from.value * GROWTH_A_WEEK ** (Math.max(0, now - from.updatedAt) / WEEK_MS);
  return [{ subject, value: Math.max(bound, Math.min(count, most)), updatedAt: now }];
}

export interface WatchDeps {
  readonly traffic: TrafficStore;
  readonly baselines: BaselineStore;
  readonly alerts: Pick<Alerts, "raise" | "clear">;
  readonly standing: AlertStore["standing"];
  readonly clock: Clock;
  readonly settings: { readonly money: MoneySettings };
}

/** Tells the operator of budgets and of countries that come near to where strangers notice, and when it is over. */
export async function watch(deps: WatchDeps): Promise<void> {
  const { money } = deps.settings;
  const now = deps.clock.now();
  const learned = new Map((await deps.baselines.list()).map(({ subject, value }) => [subject, value]));
  const part = openPart((subject) => learned.get(subject));
  const windows = [
    { window: "hour", budget: money.hour, since: now - HOUR_MS },
    { window: "day", budget: money.day, since: now - DAY_MS },
  ] as const;
  for (const { window, budget, since } of windows) {
    const spent = await deps.traffic.spent(since);
    const sum = (fits: (one: (typeof spent)[number]) => boolean) =>
      spent.filter(fits).reduce((total, { micros }) => total + micros, 0);
    const budgets: [string, number | undefined, number][] = [
      ["total", budget.total, sum(() => true)],
      ...Object.entries(budget.byCountry).map(([one, max]): [string, number, number] => [
        one,
        max,
        sum(({ country }) => country === one),
      ]),
      ...Object.entries(budget.bySender).map(([one, max]): [string, number, number] => [
        one,
        max,
        sum(({ sender }) => sender === one),
      ]),
    ];
    for (const [name, max, micros] of budgets) {
      if (max === undefined) continue;
      const detail = { spent: micros / MICROS, budget: max / MICROS };
      await tell(deps, "spend", `${window}/${name}`, micros >= ALERT_AT * part * max, detail);
    }
  }
  await watchTraffic(deps, learned, now);
}

async function watchTraffic(
  deps: WatchDeps,
  learned: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const open = await deps.traffic.open(now - DAY_MS);
  const all = open.reduce((total, { count }) => total + Math.max(0, count), 0);
  const subjects = [
    { name: "all", subject: "total", count: all },
    ...open.map(({ country, count }) => ({ name: country, subject: `country:${country}`, count })),
  ];
  const quiet = (await deps.standing()).filter(
    ({ kind, subject }) => kind === "attack" && !subjects.some(({ name }) => name === subject),
  );
  for (const { subject } of quiet) await deps.alerts.clear("attack", subject);
  for (const { name, subject, count } of subjects) {
    const bound = Math.max(openBound(subject) ?? 0, learned.get(subject) ?? 0);
    await tell(deps, "attack", name, count >= ALERT_AT * bound, {
      unapproved: count,
      bound: Math.floor(bound),
    });
  }
}

async function tell(
  { alerts }: WatchDeps,
  kind: "spend" | "attack",
  subject: string,
  holds: boolean,
  detail: Readonly<Record<string, number>>,
): Promise<void> {
  if (holds) await alerts.raise(kind, subject, detail);
  else await alerts.clear(kind, subject);
}
