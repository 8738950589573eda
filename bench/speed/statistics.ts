import type { Measured } from "./measure.ts";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2;
}

/** Of the figures of one round each: their median, the least and the most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

type Rounds = ReadonlyMap<number, Measured>;

/** How many times as many a second, round by round: what else the machine did befell both alike. */
export function ratioOf(these: Rounds, those: Rounds): Spread | undefined {
  const ratios = [...these].flatMap(([round, { perSecond }]) => {
    const other = those.get(round)?.perSecond;
    return other ? [perSecond / other] : [];
  });
  return ratios.length > 0 ? spreadOf(ratios) : undefined;
}
