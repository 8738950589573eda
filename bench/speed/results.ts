import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Measured } from "./measure.ts";

/** One line of the file: a figure of one round, or why there is none. */
export interface Result {
  readonly name: string;
  readonly round: number;
  readonly measured?: Measured;
  readonly error?: string;
}

/** What was measured so far, kept after every figure: a run that was interrupted goes on where it stopped. */
export interface Results {
  has(name: string, round: number): boolean;
  add(result: Result): void;
  /** The figures under this name by round; those that failed are not there. */
  of(name: string): ReadonlyMap<number, Measured>;
}

export function openResults(path: string, { isFresh }: { readonly isFresh: boolean }): Results {
  if (isFresh) rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  const results = lines.flatMap(read);
  return {
    has: (name, round) => results.some((each) => each.name === name && each.round === round && each.measured),
    add(result) {
      results.push(result);
      appendFileSync(path, `${JSON.stringify(result)}\n`);
    },
    of: (name) =>
      new Map(
        results.flatMap((each) =>
          each.name === name && each.measured ? [[each.round, each.measured] as const] : [],
        ),
      ),
  };
}

/** The last line of a run that was killed may be a part of one. */
function read(line: string): Result[] {
  try {
    return [JSON.parse(line) as Result];
  } catch {
    return [];
  }
}
