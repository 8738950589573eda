import fc from "fast-check";
import type { WrongGuess } from "../../../src/core/protection/budgets/ports.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../times.ts";

/** What anybody may do in the life of verifications; `nth` picks one of those started so far. */
export type Step =
  | { readonly do: "start"; readonly refusedBySender: boolean }
  | { readonly do: "guess"; readonly nth: number; readonly right: boolean }
  | { readonly do: "resend"; readonly nth: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "restart" };

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("start" as const),
        refusedBySender: fc.nat({ max: 5 }).map((n) => n === 0),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant("guess" as const),
        nth: fc.nat({ max: 3 }),
        right: fc.nat({ max: 7 }).map((n) => n === 0),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("resend" as const), nth: fc.nat({ max: 3 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(SECOND, MINUTE, 4 * MINUTE, 5 * MINUTE, 11 * MINUTE, HOUR, DAY, 16 * DAY),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  ),
  { minLength: 5, maxLength: 60, size: "max" },
);

/** The code lengths of wrong guesses that were made before: short ones first, then perhaps long ones. */
export const anyPast: fc.Arbitrary<number[]> = fc
  .tuple(fc.constantFrom(0, 0, 5, 8, 9), fc.constantFrom(0, 4, 7, 9))
  .map(([short, long]) => [
    ...new Array<number>(short).fill(6),
    ...new Array<number>(short < 9 ? 0 : long).fill(8),
  ]);

/** One verification, as the design describes it. */
export interface Life {
  readonly id: string;
  readonly code: string;
  readonly createdAt: number;
  readonly allowed: number;
  expiresAt: number;
  used: number;
  approved: boolean;
}

/** One phone, as the design describes it. */
export interface Model {
  lives: Life[];
  wrong: WrongGuess[];
}

export const isAlive = (life: Life, now: number): boolean =>
  !life.approved && life.used < life.allowed && now < life.expiresAt;

/** How many digits and guesses a start gets now; none is a refusal. */
export function grant({ lives, wrong }: Model, now: number): { codeLength: number; attempts: number } {
  const within = (ms: number, length: number) =>
    wrong.filter(({ at, codeLength }) => codeLength === length && at > now - ms).length;
  const short = within(30 * DAY, 6);
  const open = lives
    .filter(({ approved, createdAt }) => !approved && now < createdAt + 10 * MINUTE + 30 * SECOND)
    .reduce((sum, { allowed, used }) => sum + allowed - used, 0);
  const codeLength = short < 9 ? 6 : 8;
  const free = 9 - (short < 9 ? short : within(DAY, 8)) - open;
  return { codeLength, attempts: Math.max(0, Math.min(3, free)) };
}
