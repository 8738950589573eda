import type { Turns } from "../../maintenance/ports.ts";
import type { Clock, Random } from "../../ports.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../time.ts";
import { numbersSubject } from "../budgets/shares.ts";
import { peakSubject } from "../limits/table.ts";
import { openBound } from "./guard.ts";
import type { Baseline, BaselineStore, Peak, TrafficStore } from "./ports.ts";

const WEEK_MS = 7 * DAY_MS;
/** How far back this looks for what is usual. */
const HISTORY_MS = 14 * DAY_MS;
/** A threshold of the guard grows by no more than this in a week, so that nobody teaches it an attack in a day. */
const GROWTH_A_WEEK = 1.1;
/**
 * How many networks have a share at most, since every process holds them all in memory. Those with the most numbers
 * come first.
 */
const MOST_NETWORKS = 10_000;

export interface LearnDeps {
  readonly traffic: TrafficStore;
  readonly baselines: BaselineStore;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
}

/** The name under which turns are taken. */
const LEARN = "learn";
const LEARN_FOR_MS = MINUTE_MS;

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
  const peaks = hours.map((peak) => learnedAs(peakSubject, peak, now));
  const networks = numbers.map((peak) => learnedAs(numbersSubject, peak, now));
  await baselines.replace([...guarded, ...peaks, ...networks]);
  await turns.finish(LEARN, holder, clock.now());
  return true;
}

/** @param subjectOf names what was learned: of one subject, or of all if the subject is left out */
function learnedAs(subjectOf: (subject?: string) => string, { subject, count }: Peak, now: number): Baseline {
  return { subject: subject === "" ? subjectOf() : subjectOf(subject), value: count, updatedAt: now };
}

/**
 * Grows towards the best day by a tenth a week, however often it runs: two steps of half the time equal one of the
 * whole time. Empty if the bound is enough.
 */
export function grown({ subject, count }: Peak, known: Baseline | undefined, now: number): Baseline[] {
  const bound = openBound(subject);
  if (bound === undefined || count <= bound) return [];
  const from = known ?? { value: bound, updatedAt: now };
  const most = from.value * GROWTH_A_WEEK ** (Math.max(0, now - from.updatedAt) / WEEK_MS);
  return [{ subject, value: Math.max(bound, Math.min(count, most)), updatedAt: now }];
}
