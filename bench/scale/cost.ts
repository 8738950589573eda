import { randomInt } from "node:crypto";
import type { Installation } from "./installation.ts";
import { signIn } from "./people.ts";
import type { Phonekey } from "./phonekey.ts";
import { phoneOf } from "./rows.ts";

/** Who signs in: somebody new, or somebody who is in the database already. */
export type Who = "new" | "returning";

export interface Side {
  readonly installation: Installation;
  readonly phonekey: Phonekey;
  /** How many users it has been filled with. */
  readonly users: number;
}

export interface Cost {
  readonly who: Who;
  /** Median of a sign-in (start and opening of the session), milliseconds, by round. */
  readonly bareMs: readonly number[];
  readonly filledMs: readonly number[];
  /** Filled to bare, by round. */
  readonly ratios: readonly number[];
}

/** Numbers that nobody was filled with: the filled ones are the first. */
const NEW_FROM = 60_000_000;
let given = randomInt(20_000_000);

/**
 * Signs people in on both sides in turns, one at a time, so that what a sign-in costs is seen and not how many the
 * machine does at once. Whoever returns is taken by chance from all users: the pages of most are in no buffer.
 */
export async function measureCost(
  sides: { readonly bare: Side; readonly filled: Side },
  { rounds, cycles }: { readonly rounds: number; readonly cycles: number },
): Promise<readonly Cost[]> {
  const costs: Cost[] = [];
  for (const who of ["new", "returning"] as const) {
    const medians: { bareMs: number; filledMs: number }[] = [];
    await medianOf(sides.bare, who, cycles);
    await medianOf(sides.filled, who, cycles);
    for (let round = 0; round < rounds; round++) {
      const isBareFirst = round % 2 === 0;
      const first = await medianOf(isBareFirst ? sides.bare : sides.filled, who, cycles);
      const second = await medianOf(isBareFirst ? sides.filled : sides.bare, who, cycles);
      medians.push(isBareFirst ? { bareMs: first, filledMs: second } : { bareMs: second, filledMs: first });
    }
    costs.push({
      who,
      bareMs: medians.map(({ bareMs }) => bareMs),
      filledMs: medians.map(({ filledMs }) => filledMs),
      ratios: medians.map(({ bareMs, filledMs }) => filledMs / bareMs),
    });
  }
  return costs;
}

async function medianOf(side: Side, who: Who, cycles: number): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < cycles; n++) {
    const phone = who === "new" ? phoneOf(NEW_FROM + given++) : phoneOf(randomInt(side.users));
    const { startMs, openMs } = await signIn(side.phonekey, side.installation, phone);
    took.push(startMs + openMs);
  }
  return median(took);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}
