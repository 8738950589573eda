import type { NoticeKind } from "../delivery/notice-kinds.ts";
import type { Notice } from "../notices/ports.ts";
import { DAY_MS, HOUR_MS } from "../time.ts";
import type { Estimate } from "./budgets/prices.ts";
import { type MoneySettings, spendLimits } from "./budgets/spend.ts";
import type { Window } from "./limits/ports.ts";
import { exemptCaller, type SendLimit } from "./limits/send-limit.ts";
import type { Traffic } from "./traffic.ts";

/** What is learned binds only strangers. */
const NOTHING_LEARNED = () => undefined;

/**
 * Notices to one phone. They count apart from the sends that people ask for. So nobody keeps a notice from its phone by
 * using up those sends, and nobody who causes notices on purpose takes a code from the phone.
 */
export const NOTICE_WINDOWS: readonly Window[] = [
  { max: 3, windowMs: HOUR_MS },
  { max: 10, windowMs: DAY_MS },
];

/** These notices bring the link that stops what they tell of. */
const STOPPING: readonly NoticeKind[] = ["phone_change_started"];

/**
 * The limit on notices of a kind to a phone. Notices that can stop a change count apart from those that only tell. So
 * nobody can cause the others to keep a stopping one back until the change takes effect.
 */
export function noticeLimit(phoneTag: string, kind: NoticeKind): SendLimit {
  const counted = STOPPING.includes(kind) ? "stops" : "notices";
  return { name: counted, key: `${counted}:${phoneTag}`, windows: NOTICE_WINDOWS };
}

/**
 * All that a notice is counted against. Its money counts as that of a known device: budgets that others used up do not
 * stop it.
 */
export function noticeLimits(
  money: MoneySettings,
  { phoneTag, kind, traffic }: Pick<Notice, "phoneTag" | "kind"> & { readonly traffic: Traffic },
  estimate: Estimate,
): SendLimit[] {
  const caller = exemptCaller({ phoneTag, bucket: "device", traffic });
  return [noticeLimit(phoneTag, kind), ...spendLimits(money, caller, estimate, NOTHING_LEARNED)];
}
