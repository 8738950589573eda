import { DAY_MS, HOUR_MS } from "../../time.ts";
import type { Learned } from "../guard/learned.ts";
import type { LimitCaller, SendLimit } from "../limits/send-limit.ts";
import type { Estimate } from "./prices.ts";
import type { MoneySettings } from "./spend.ts";

/** What strangers from anywhere may use of a budget; the rest is kept for networks that have a share. */
const OPEN_PART = 0.6;
/** People come unevenly, so a network may use this many times its proportional part of a budget. */
const SHARE_FACTOR = 3;
/** Enough for one person whose first message is lost. */
const LEAST_MESSAGES = 3;
/** For callers who have not solved a challenge: their share counts as full. */
const FULL = [{ max: 0, windowMs: HOUR_MS }];

/** The name under which the count of numbers is learned: those last approved in a network, or in all. */
export function numbersSubject(networkTag?: string): string {
  return networkTag === undefined ? "numbers" : `numbers:${networkTag}`;
}

/** The part of each budget that is not kept for shares: all of it if no network has a share. */
export function openPart(learned: Learned): number {
  return learned(numbersSubject()) ? OPEN_PART : 1;
}

/**
 * A network's share: how many messages its strangers may be sent after a budget's open part is used up or the network
 * is blocked. Each takes a solved challenge.
 *
 * A network has a share if people signed in from it in the last 14 days, in proportion to their numbers. Each number
 * counts for one network only. So a crowd from elsewhere cannot buy a share: it takes numbers (docs/protection.md).
 * Empty if the network has no share, or if no budget could be shared.
 */
export function shareLimits(
  money: MoneySettings,
  { bucket, standing, traffic: { networkTag } }: Pick<LimitCaller, "bucket" | "standing" | "traffic">,
  { price }: Pick<Estimate, "price">,
  learned: Learned,
): SendLimit[] {
  if (bucket === "device" || !networkTag) return [];
  const part = (learned(numbersSubject(networkTag)) ?? 0) / (learned(numbersSubject()) || 1);
  if (part === 0 || price === 0) return [];
  const budgets = [
    { total: money.hour.total, windowMs: HOUR_MS },
    { total: money.day.total, windowMs: DAY_MS },
  ];
  const most = (total: number) => Math.max(LEAST_MESSAGES, Math.floor((SHARE_FACTOR * part * total) / price));
  const windows = budgets.flatMap(({ total, windowMs }) =>
    total === undefined ? [] : [{ max: most(total), windowMs }],
  );
  if (windows.length === 0) return [];
  const share = { name: "network_share", key: `share:${networkTag}`, windows };
  if (standing.name !== "unsolved") return [share];
  return [share, { ...share, name: "network_share_challenge", windows: FULL, asksCaptcha: true }];
}

/** The limits for a send that a share pays for. Limits that make room for shares get other windows, or are left out. */
export function limitsInShare(limits: readonly SendLimit[], shares: readonly SendLimit[]): SendLimit[] {
  const others = limits.flatMap((limit) => {
    if (!limit.inShare) return [limit];
    return limit.inShare.length === 0 ? [] : [{ ...limit, windows: limit.inShare }];
  });
  return [...shares, ...others];
}
