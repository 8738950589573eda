import type { z } from "zod";
import { type PhonePolicy, parsePhone } from "../../core/phone.ts";
import { DAY_MS } from "../../core/time.ts";
import type { TestNumber } from "../../core/verification/test-numbers.ts";
import { testNumbers } from "../formats/test-numbers.ts";
import { withDefault } from "../setting.ts";

export const testNumberVariables = {
  TEST_NUMBERS: withDefault(testNumbers, "", {
    part: "Verification",
    sentence:
      "Numbers that sign in with a fixed code until the end of a day (UTC, at most a year ahead), for the reviewers of app stores and for automated tests. They get no message. Guard their codes like passwords; [protection.md](protection.md#test-numbers) says what they open.",
  }),
};

type Values = z.output<z.ZodObject<typeof testNumberVariables>>;

interface Around {
  readonly phones: PhonePolicy;
  readonly codeLength: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A leap year, to the end of its last day. */
const LONGEST_MS = 367 * DAY_MS;

/** What is wrong with test numbers given the other settings. No number is named. */
export function unfitTestNumbers({ TEST_NUMBERS }: Values, around: Around): string[] {
  const found = TEST_NUMBERS.map((number, index) => ({ entry: index + 1, problem: unfit(number, around) }));
  return found.flatMap(({ entry, problem }) => (problem ? [`entry ${entry} ${problem}`] : []));
}

function unfit({ phone, code, until }: TestNumber, { phones, codeLength, now }: Around): string | undefined {
  const parsed = parsePhone(phone, phones);
  if (!parsed.ok || parsed.value !== phone) return "must have a mobile number of ALLOWED_COUNTRIES";
  if (code.length !== codeLength) return "must have a code of CODE_LENGTH digits";
  return until > now + LONGEST_MS ? "must end within a year" : undefined;
}

/** The operator's warning at every start while there are any. */
export function doubtTestNumbers({ TEST_NUMBERS }: Values, now: number): string | false {
  if (TEST_NUMBERS.length === 0) return false;
  const live = TEST_NUMBERS.filter(({ until }) => until > now);
  if (live.length === 0) return "all of them are over and numbers like any other again; take them out.";
  const last = new Date(Math.max(...live.map(({ until }) => until)) - 1).toISOString().slice(0, 10);
  const who = live.length === 1 ? "1 number signs" : `${live.length} numbers sign`;
  return `${who} in with a fixed code and without a message, until ${last}. Whoever knows it gets in.`;
}
