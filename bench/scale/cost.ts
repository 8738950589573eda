import { randomInt } from "node:crypto";
import { createConnection, type RowDataPacket } from "mysql2/promise";
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
  /** Pages that the database had to read from disk for one sign-in on the filled side, by round. */
  readonly filledReads: readonly number[];
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
    const medians: { bareMs: number; filledMs: number; reads: number }[] = [];
    for (const side of [sides.bare, sides.filled]) await sample(side, who, cycles);
    for (let round = 0; round < rounds; round++) {
      const isBareFirst = round % 2 === 0;
      const first = await sample(isBareFirst ? sides.bare : sides.filled, who, cycles);
      const second = await sample(isBareFirst ? sides.filled : sides.bare, who, cycles);
      const [onBare, onFilled] = isBareFirst ? [first, second] : [second, first];
      medians.push({ bareMs: onBare.ms, filledMs: onFilled.ms, reads: onFilled.reads });
    }
    costs.push({
      who,
      bareMs: medians.map(({ bareMs }) => bareMs),
      filledMs: medians.map(({ filledMs }) => filledMs),
      filledReads: medians.map(({ reads }) => reads),
      ratios: medians.map(({ bareMs, filledMs }) => filledMs / bareMs),
    });
  }
  return costs;
}

async function sample(side: Side, who: Who, cycles: number): Promise<{ ms: number; reads: number }> {
  const took: number[] = [];
  const before = await pagesRead(side.installation);
  for (let n = 0; n < cycles; n++) {
    const phone = who === "new" ? phoneOf(NEW_FROM + given++) : phoneOf(randomInt(side.users));
    const { startMs, openMs } = await signIn(side.phonekey, side.installation, phone);
    took.push(startMs + openMs);
  }
  const reads = ((await pagesRead(side.installation)) - before) / cycles;
  return { ms: median(took), reads };
}

/** What the server has read from disk since its start: a figure that no other work on the machine changes. */
async function pagesRead({ server: { host, port, user } }: Installation): Promise<number> {
  const connection = await createConnection({ host, port, user });
  const [rows] = await connection.query<RowDataPacket[]>(
    "show global status like 'Innodb_buffer_pool_reads'",
  );
  await connection.end();
  return Number(rows[0]?.Value);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}
