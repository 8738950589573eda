import type { Outcome } from "../compose/tools/records.ts";

/** What became of a message, in words. */
export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  sending: "being sent, or cut off by a crash",
  accepted: "taken by the provider; no report yet",
  delivered: "delivered",
  failed: "not delivered",
  bad_number: "refused: this number gets no messages",
  throttled: "refused: too many messages to this number",
  rejected: "refused: the provider's account, signature or template",
  unavailable: "not sent: the provider could not be reached",
  unknown: "sent or not: the provider gave no answer",
  test_number: "not sent: a test number",
};
