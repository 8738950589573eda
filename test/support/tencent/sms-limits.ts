/** How many messages the cloud takes for one number, set in its console. */
export interface Limits {
  /** Of the same content, in 30 seconds. */
  readonly sameContentIn30Seconds: number;
  readonly anHour: number;
  /** A calendar day of +08:00; two, unless an operator asks for more. */
  readonly aDay: number;
}

const DEFAULTS: Limits = { sameContentIn30Seconds: 1, anHour: Number.POSITIVE_INFINITY, aDay: 2 };
const CHINA_OFFSET_MS = 8 * 3_600_000;

interface Sent {
  readonly number: string;
  readonly text: string;
  readonly at: number;
}

/** Counts what the cloud takes for each number, by its own clock. */
export function createCounters(limits: Partial<Limits> = {}) {
  const { sameContentIn30Seconds, anHour, aDay } = { ...DEFAULTS, ...limits };
  const sent: Sent[] = [];
  return {
    /** The code that refuses this message; counts the message if there is none. */
    refusal(number: string, text: string, now: number): string | undefined {
      const before = sent.filter((one) => one.number === number);
      const same = before.filter((one) => one.text === text && one.at > now - 30_000);
      if (same.length >= sameContentIn30Seconds) return "LimitExceeded.PhoneNumberThirtySecondLimit";
      if (before.filter(({ at }) => at > now - 3_600_000).length >= anHour) {
        return "LimitExceeded.PhoneNumberOneHourLimit";
      }
      if (before.filter(({ at }) => dayOf(at) === dayOf(now)).length >= aDay) {
        return "LimitExceeded.PhoneNumberDailyLimit";
      }
      sent.push({ number, text, at: now });
      return undefined;
    },
  };
}

function dayOf(at: number): number {
  return Math.floor((at + CHINA_OFFSET_MS) / 86_400_000);
}
