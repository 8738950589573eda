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
  const { key, shards = 1, windows } = check;
  if (shards === 1) return [{ ...check, part: 0 }];
  const own = ownPart(key, member, shards);
  const parts = Array.from({ length: reach === "all" ? shards : 1 }, (_, n) => (own + n) % shards);
  return parts.map((part) => ({
    ...check,
    part,
    windows: windows.map((each) => shareOf(each, part, shards)),
  }));
}

/** The key of the row in `limits` that stands for a part. */
export function lockKey({ key, shards = 1 }: LimitCheck, part: number): string {
  return shards === 1 ? key : `${key}#${part}`;
}

/** Where a member is counted first. Members are made of chance, so nobody chooses their part. */
function ownPart(key: string, member: string, shards: number): number {
  const hash = createHash("sha256").update(`${key}:${member}`).digest();
  return hash.readUInt32BE() % shards;
}

/** The shares of all parts make up `max`. */
function shareOf({ max, windowMs }: LimitCheck["windows"][number], part: number, shards: number) {
  const whole = Math.ceil(max);
  return { max: Math.floor(whole / shards) + (part < whole % shards ? 1 : 0), windowMs };
}
