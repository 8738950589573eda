import type { IncomingMessage } from "node:http";
import type { SendOutcome, SendStatus, SmsMessage, SmsSender } from "../../core/delivery/ports.ts";
import { MOST_PROVIDER_ID } from "../../core/delivery/receipt-ports.ts";
import type { Clock } from "../../core/ports.ts";
import type { Transaction } from "../../core/transaction.ts";
import type { WebhookSettings } from "./post.ts";
import { NoAnswerError, post, readBody } from "./request.ts";
import { createSigner } from "./signature.ts";

/** Its name in records, prices and alerts. */
const NAME = "webhook";

/** The meaning of answers other than 2xx. */
const MEANINGS: Readonly<Record<number, SendStatus>> = {
  422: "bad_number",
  429: "throttled",
  503: "unavailable",
};

/**
 * Whether the answer leaves open that the message goes out: a fault, or a function that was cut off, perhaps after it
 * had sent the message. Platforms answer 408 for that, or 430 and higher (Tencent Cloud's, such as 433:
 * tencentcloud.com/document/product/583/35311).
 */
function saysNothing(statusCode: number): boolean {
  return statusCode === 408 || statusCode >= 430;
}

/** A server that requires a client certificate reads no request without one. */
const WANTS_CERTIFICATE = /CERTIFICATE_REQUIRED$/;

/** The number of parts of a message has one octet (3GPP TS 23.040, section 9.2.3.24.1). */
const MOST_PARTS = 255;

/**
 * Sends messages through the operator's own service. It posts each one there, signed according to Standard Webhooks
 * 1.0, and takes the status of the answer as the outcome of the message. It follows no redirect.
 */
export function createWebhookSender(settings: WebhookSettings, clock: Clock): SmsSender {
  const sign = createSigner(settings, clock);
  return {
    name: NAME,
    maxCodeLength: 8,
    resendFloorSeconds: 0,
    async send(message, deadline) {
      const { headers, body } = sign({
        id: message.id,
        at: clock.now(),
        type: "sms.send",
        data: dataOf(message),
      });
      const request = { url: settings.url, headers, body };
      return await post(request, deadline.signal()).then(outcomeOf, failureOf);
    },
  };
}

function dataOf({ to, text, purpose, locale, code, minutes, stopCode, transaction }: SmsMessage) {
  const payment = transaction && paymentOf(transaction);
  return { to, text, purpose, locale, code, minutes, stopCode, transaction: payment };
}

/** What the message says of it. */
function paymentOf({ amount, currency, payee }: Transaction) {
  return { amount, currency, payee };
}

async function outcomeOf(answer: IncomingMessage): Promise<SendOutcome> {
  const { statusCode = 0, headers } = answer;
  if (statusCode >= 200 && statusCode < 300) {
    return { status: "accepted", settles: [NAME], ...(await readAnswer(answer)) };
  }
  answer.destroy();
  const status = MEANINGS[statusCode] ?? (saysNothing(statusCode) ? "unknown" : "rejected");
  const [wait] = /^\d{1,9}$/.exec(headers["retry-after"] ?? "") ?? [];
  return {
    status,
    providerCode: String(statusCode),
    ...(Number(wait) > 0 && { retryAfterSeconds: Number(wait) }),
    ...(status === "rejected" && { alert: { kind: "sms_refused", subject: NAME } }),
  };
}

/** The provider's id of the message, and how many parts it bills, if the answer is JSON that contains them. */
async function readAnswer(answer: IncomingMessage): Promise<Pick<SendOutcome, "providerId" | "fee">> {
  const { id, parts }: { id?: unknown; parts?: unknown } = Object(parse(await readBody(answer)));
  return {
    ...(typeof id === "string" && isId(id) && { providerId: id }),
    ...(isCount(parts) && { fee: parts }),
  };
}

/** What fits the record, and a terminal. */
function isId(id: string): boolean {
  return /^[!-~]+$/.test(id) && id.length <= MOST_PROVIDER_ID;
}

function isCount(parts: unknown): parts is number {
  return Number.isInteger(parts) && Number(parts) >= 1 && Number(parts) <= MOST_PARTS;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(error: unknown): SendOutcome {
  const { hasLeft, code } = error instanceof NoAnswerError ? error : { hasLeft: true };
  if (!hasLeft || WANTS_CERTIFICATE.test(code ?? "")) {
    return { status: "unavailable", providerCode: code ?? "no_connection" };
  }
  return { status: "unknown", providerCode: code ?? "no_answer" };
}
