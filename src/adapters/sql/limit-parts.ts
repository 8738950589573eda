import { createHash } from "node:crypto";
import type { LimitCheck } from "../../core/protection/ports.ts";

/** Which parts of a split counter a take looks at: its own alone, or all of them, its own first. */
export type Reach = "own" | "all";

/** A check as it counts in one part, with the share of its limit that falls to this part. */
export interface Counter extends LimitCheck {
  readonly part: number;
}

/** The counters of a check; one that is not split has one. */
export function countersOf(check: LimitCheck, member: string, reach: Reach): readonly Counter[] {
  const { shards = 1, windows } = check;
  if (shards === 1) return [{ ...check, part: 0 }];
  return partsOf(check, member, reach).map((part) => ({
    ...check,
    part,
    windows: windows.map(({ max, windowMs }) => ({ max: shareOf(Math.ceil(max), part, shards), windowMs })),
  }));
}

/** The parts that are within reach of a member, its own first. */
export function partsOf(
  { key, shards = 1 }: Pick<LimitCheck, "key" | "shards">,
  member: string,
  reach: Reach,
): readonly number[] {
  const own = ownPart(key, member, shards);
  return Array.from({ length: reach === "all" ? shards : 1 }, (_, n) => (own + n) % shards);
}

/** The key of the row in `limits` that stands for a part. */
export function lockKey({ key, shards = 1 }: Pick<LimitCheck, "key" | "shards">, part: number): string {
  return shards === 1 ? key : `${key}#${part}`;
}

/** Where a member is counted first. Members are made of chance, so nobody chooses their part. */
function ownPart(key: string, member: string, shards: number): number {
  if (shards === 1) return 0;
  const hash = createHash("sha256").update(`${key}:${member}`).digest();
  return hash.readUInt32BE() % shards;
}

/** What falls to a part of a whole number; the shares of all parts make it up. */
export function shareOf(whole: number, part: number, shards: number): number {
  return Math.floor(whole / shards) + (part < whole % shards ? 1 : 0);
}
