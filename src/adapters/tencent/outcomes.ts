import type { AlertKind } from "../../core/alerts/kinds.ts";
import type { SendOutcome } from "../../core/delivery/ports.ts";
import { MINUTE_MS } from "../../core/time.ts";
import { type Meaning, meaningOf } from "./codes.ts";
import { TencentError } from "./errors.ts";
import { nextMidnight } from "./midnight.ts";

/** What a message was sent by: the account for its kind of numbers, and the text. */
export interface Line {
  readonly account: string;
  /** The account for the numbers of one country. */
  readonly country: string;
  readonly text: string;
}

/** Longer texts do not fit into the record of the message. Such an answer is not the cloud's. */
const MOST_LETTERS = 128;
/** Alerts about what one text is made of; all others are about the account, or one country of it. */
const ABOUT_TEXTS: readonly AlertKind[] = ["sms_signature", "sms_template"];
/**
 * For this long after our midnight the cloud's answer may still be about the day before: its clock differs, and its
 * answer was on the way. Without it, a number would be held until the next midnight, for a day in which it got nothing.
 */
const DAY_BEFORE_MS = MINUTE_MS;
/** A refusal for one country does not settle the alert: messages to others succeed all the while. */
const ABOUT_A_COUNTRY = /\.AppCountryOrRegion/;

/** The cloud did the call; what it says of the one number is the outcome. */
export function outcomeOfAnswer(answer: unknown, line: Line, now: number): SendOutcome {
  const { SendStatusSet: statuses, RequestId } = Object(answer) as Record<string, unknown>;
  const status = Object(Array.isArray(statuses) ? statuses[0] : undefined) as Record<string, unknown>;
  const code = textOf(status.Code);
  if (code === undefined)
    return withRequest({ status: "unknown", providerCode: "not_understood" }, RequestId);
  if (code !== "Ok") return withRequest(outcomeOfCode(code, line, now), RequestId);
  const providerId = textOf(status.SerialNo);
  const accepted: SendOutcome = {
    status: "accepted",
    ...(providerId && { providerId }),
    ...(isFee(status.Fee) && { fee: status.Fee }),
    settles: [line.account, line.country, line.text],
  };
  return withRequest(accepted, RequestId);
}

/** The call failed: refused by the API, or somewhere on the way. */
export function outcomeOfError(error: unknown, line: Line, now: number): SendOutcome {
  if (!(error instanceof TencentError)) return { status: "unknown", providerCode: "fault" };
  const { code, requestId, httpStatus, hasLeft } = error;
  if (code !== undefined) return withRequest(outcomeOfCode(code, line, now), requestId);
  if (httpStatus !== undefined) return outcomeOfHttp(httpStatus, line);
  return hasLeft
    ? { status: "unknown", providerCode: "no_answer" }
    : { status: "unavailable", providerCode: "no_connection" };
}

function withRequest(outcome: SendOutcome, requestId: unknown): SendOutcome {
  const id = textOf(requestId);
  return id ? { ...outcome, requestId: id } : outcome;
}

/**
 * The API answers with 200 in every case, so this answer comes from in front of it: a gateway, or a proxy on our side.
 */
function outcomeOfHttp(httpStatus: number, line: Line): SendOutcome {
  const providerCode = `http_${httpStatus}`;
  if (httpStatus === 429) return { status: "unavailable", providerCode };
  if (httpStatus >= 500 || httpStatus === 408) return { status: "unknown", providerCode };
  return refusedFor({ kind: "sms_refused", providerCode }, line);
}

function outcomeOfCode(code: string, line: Line, now: number): SendOutcome {
  const { status, alert, retryAfter }: Meaning = meaningOf(code);
  const providerCode = code.slice(0, MOST_LETTERS);
  if (alert) return { ...refusedFor({ kind: alert, providerCode }, line), status };
  if (retryAfter !== "midnight") {
    return { status, providerCode, ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }) };
  }
  const heldUntil = nextMidnight(now - DAY_BEFORE_MS) + DAY_BEFORE_MS;
  return { status, providerCode, heldUntil, retryAfterSeconds: Math.ceil((heldUntil - now) / 1_000) };
}

/** A refusal that the operator hears of. */
export function refusedFor(
  { kind, providerCode }: { readonly kind: AlertKind; readonly providerCode: string },
  line: Line,
): SendOutcome {
  return { status: "rejected", providerCode, alert: { kind, subject: subjectOf(kind, providerCode, line) } };
}

function subjectOf(kind: AlertKind, providerCode: string, { account, country, text }: Line): string {
  if (ABOUT_TEXTS.includes(kind)) return text;
  return ABOUT_A_COUNTRY.test(providerCode) ? country : account;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MOST_LETTERS ? value : undefined;
}

function isFee(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 1_000;
}
