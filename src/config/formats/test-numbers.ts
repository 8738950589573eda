import { phoneInE164 } from "../../core/phone.ts";
import { DAY_MS } from "../../core/time.ts";
import type { TestNumber } from "../../core/verification/test-numbers.ts";
import { bad, type Format, good, type Parsed, split } from "./format.ts";

const EXPECTS =
  "`number=code@last day` such as `+8613800138000=…@2027-06-30`, each number once, separated by commas";
const ENTRY = /^(\+\d{7,15})=(\d{6,8})@(\d{4})-(\d\d)-(\d\d)$/;

/** Test numbers, their codes and the last day of each, which ends at midnight UTC. Problems name no number. */
export const testNumbers: Format<readonly TestNumber[]> = {
  expects: EXPECTS,
  read(text) {
    const numbers: TestNumber[] = [];
    for (const [index, entry] of split(text).entries()) {
      const parsed = readEntry(entry);
      if (!parsed.ok) return bad(`entry ${index + 1} ${parsed.problem}`);
      numbers.push(parsed.value);
    }
    const isTwice = new Set(numbers.map(({ phone }) => phone)).size < numbers.length;
    return isTwice ? bad("must name each number once") : good(numbers);
  },
};

function readEntry(entry: string): Parsed<TestNumber> {
  const [, number = "", code = "", ...date] = ENTRY.exec(entry) ?? [];
  const phone = phoneInE164(number);
  const until = dayAfter(date.map(Number));
  if (!phone || until === undefined) return bad("must be `number=code@last day`");
  return isEasy(code, phone)
    ? bad("must have a code that nobody tries first; make one with `node -p 'crypto.randomInt(1e5, 1e6)'`")
    : good({ phone, code, until });
}

/** The first moment after a calendar day, in UTC; undefined if there is no such day. */
function dayAfter([year = 0, month = 0, day = 0]: readonly number[]): number | undefined {
  const begins = new Date(Date.UTC(year, month - 1, day));
  const isDay = begins.getUTCMonth() === month - 1 && begins.getUTCDate() === day && year >= 2000;
  return isDay ? begins.getTime() + DAY_MS : undefined;
}

/**
 * Whether somebody who knows how codes are chosen would try this one early: few different digits (`112233`), steps that
 * are nearly all alike (`123456`, `456789`, `147258`), or digits of the number itself.
 */
function isEasy(code: string, phone: string): boolean {
  const steps = [...code].slice(1).map((digit, index) => (Number(digit) - Number(code[index]) + 10) % 10);
  const alike = Math.max(...steps.map((step) => steps.filter((other) => other === step).length));
  return new Set(code).size < 4 || alike >= steps.length - 1 || phone.includes(code);
}
