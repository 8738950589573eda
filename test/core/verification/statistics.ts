/** How many codes fell into each cell. */
export type Histogram = readonly number[];

/**
 * The chance that a fair generator misses an even spread by at least this much (Pearson's test): the upper tail of the
 * chi-square distribution with one degree of freedom less than there are cells.
 */
function pOfEvenSpread(observed: Histogram): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  const expected = total / observed.length;
  const statistic = observed.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquareTail(statistic, observed.length - 1);
}

/** One minus the regularized lower incomplete gamma function, by its series (NIST DLMF, 8.7.1). */
export function chiSquareTail(statistic: number, degrees: number): number {
  const [a, x] = [degrees / 2, statistic / 2];
  if (x > 600) return 0;
  let term = Math.exp(a * Math.log(x) - x - logGamma(a + 1));
  let sum = 0;
  for (let n = 1; term > 0 && (n < x || term > sum * 1e-17); n++) {
    sum += term;
    term *= x / (a + n);
  }
  return Math.max(0, 1 - sum);
}

/** For whole and half numbers: from 1 or the root of pi upwards by the recurrence. */
function logGamma(a: number): number {
  let sum = Number.isInteger(a) ? 0 : Math.log(Math.PI) / 2;
  for (let n = Number.isInteger(a) ? 1 : 0.5; n < a; n++) sum += Math.log(n);
  return sum;
}

export interface Spread {
  /** The least likely of all positions and adjacent pairs. */
  readonly leastP: number;
  readonly withLeadingZero: number;
  readonly withTrailingZero: number;
  /** Codes that are not just so many digits. */
  readonly malformed: number;
}

const ZERO = "0".charCodeAt(0);

/** T7: how evenly the digits of many codes are spread, by position and by adjacent pair. */
export function spreadOf(next: (index: number) => string, count: number, length: number): Spread {
  const positions = Array.from({ length }, () => new Array<number>(10).fill(0));
  const pairs = Array.from({ length: length - 1 }, () => new Array<number>(100).fill(0));
  let malformed = 0;
  for (let index = 0; index < count; index++) {
    const code = next(index);
    if (code.length !== length || !/^[0-9]+$/.test(code)) malformed += 1;
    else tally(code, positions, pairs);
  }
  return {
    leastP: Math.min(...positions.map(pOfEvenSpread), ...pairs.map(pOfEvenSpread)),
    withLeadingZero: positions[0]?.[0] ?? 0,
    withTrailingZero: positions.at(-1)?.[0] ?? 0,
    malformed,
  };
}

function tally(code: string, positions: number[][], pairs: number[][]): void {
  let before = -1;
  for (let place = 0; place < code.length; place++) {
    const digit = code.charCodeAt(place) - ZERO;
    add(positions[place], digit);
    if (place > 0) add(pairs[place - 1], before * 10 + digit);
    before = digit;
  }
}

function add(histogram: number[] | undefined, cell: number): void {
  if (histogram) histogram[cell] = (histogram[cell] ?? 0) + 1;
}
