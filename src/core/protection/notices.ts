import type { LimitCaller, SendCheck, Window } from "./limits.ts";
import { type MoneySettings, spendChecks } from "./spend.ts";
import type { Traffic } from "./traffic.ts";

/** What is learned binds strangers alone. */
const NOTHING_LEARNED = () => undefined;

const HOUR_MS = 3_600_000;
/**
 * Notices to one phone. They count apart from the sends that people ask for: nobody keeps a notice from its phone by
 * using those up, and whoever makes notices on purpose takes no code from it.
 */
const WINDOWS: readonly Window[] = [
  { max: 3, windowMs: HOUR_MS },
  { max: 10, windowMs: 24 * HOUR_MS },
];

/** The limit on notices to a phone. */
export function noticeLimit(phoneTag: string): SendCheck {
  return { name: "notices", key: `notices:${phoneTag}`, windows: WINDOWS };
}

/** All that a notice is counted against. Its money counts as that of a known device: a budget that others used up stops none. */
export function noticeChecks(
  money: MoneySettings,
  { phoneTag, traffic }: { readonly phoneTag: string; readonly traffic: Traffic },
  sender: string,
): SendCheck[] {
  const caller: LimitCaller = {
    phoneTag,
    bucket: "device",
    traffic,
    standing: { name: "exempt" },
    isTrusted: false,
  };
  return [noticeLimit(phoneTag), ...spendChecks(money, caller, sender, NOTHING_LEARNED)];
}
