import type { z } from "zod";
import { wholeNumber } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

/** How long rows are kept; messages and failures at least 31 days. */
export interface RetentionConfig {
  readonly messagesDays: number;
  readonly eventsDays: number;
  readonly failuresDays: number;
  /** After the session's end. */
  readonly sessionsDays: number;
}

/** Limits and the ledger look back 31 days. Keeping rows for less time would refill them (promise 2). */
const lookBack = wholeNumber(31, 3_650);
const RETENTION = "Retention";

export const retentionVariables = {
  RETENTION_MESSAGES_DAYS: withDefault(lookBack, "90", {
    part: RETENTION,
    sentence: "How long the record of each message is kept, for limits and for support.",
  }),
  RETENTION_EVENTS_DAYS: withDefault(wholeNumber(1, 3_650), "180", {
    part: RETENTION,
    sentence: "How long the audit trail (sign-ups, sign-ins, ended sessions) is kept.",
  }),
  RETENTION_FAILURES_DAYS: withDefault(lookBack, "31", {
    part: RETENTION,
    sentence: "How long wrong guesses are kept. They count for 30 days.",
  }),
  RETENTION_SESSIONS_DAYS: withDefault(wholeNumber(1, 3_650), "30", {
    part: RETENTION,
    sentence: "How long a session is kept after its end.",
  }),
};

type Values = z.output<z.ZodObject<typeof retentionVariables>>;

export function arrangeRetention(values: Values): RetentionConfig {
  return {
    messagesDays: values.RETENTION_MESSAGES_DAYS,
    eventsDays: values.RETENTION_EVENTS_DAYS,
    failuresDays: values.RETENTION_FAILURES_DAYS,
    sessionsDays: values.RETENTION_SESSIONS_DAYS,
  };
}
