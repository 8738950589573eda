import type { SendOutcome, SendStatus, SmsMessage, SmsSender } from "../../core/delivery/ports.ts";
import type { Clock } from "../../core/ports.ts";
import type { Transaction } from "../../core/transaction.ts";
import { createSigner, type WebhookSettings } from "./post.ts";

/** What it is called in records, prices and alerts. */
const NAME = "webhook";

/** What the answers mean besides 2xx. Of others, a fault there leaves open whether the message goes out. */
const MEANINGS: Readonly<Record<number, SendStatus>> = {
  422: "bad_number",
  429: "throttled",
  503: "unavailable",
};

/** What the system is asked for before the request leaves this machine: to find the address, to connect. */
const BEFORE_LEAVING = ["getaddrinfo", "connect"];
/** Nor does it leave for whom no certificate vouches for. */
const UNTRUSTED = /CERT|^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/;

/** What fits the record, and a terminal. */
const ID = /^[!-~]{1,128}$/;

/**
 * Has messages sent by an address of the operator's: posts each there, signed as Standard Webhooks 1.0 has it, and takes the
 * status of the answer for what became of it. It follows no redirect.
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
      return await fetch(settings.url, {
        method: "POST",
        redirect: "manual",
        // One that was kept may be gone without a word, as where a function was frozen, and nobody would know what was sent by it.
        headers: { ...headers, connection: "close" },
        body,
        signal: deadline.signal(),
      }).then(outcomeOf, failureOf);
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

async function outcomeOf(response: Response): Promise<SendOutcome> {
  if (response.ok) return { status: "accepted", settles: [NAME], ...(await readId(response)) };
  await response.body?.cancel();
  const status = MEANINGS[response.status] ?? (response.status >= 500 ? "unknown" : "rejected");
  const seconds = Number(response.headers.get("retry-after"));
  return {
    status,
    providerCode: String(response.status),
    ...(seconds > 0 && { retryAfterSeconds: seconds }),
    ...(status === "rejected" && { alert: { kind: "sms_refused", subject: NAME } }),
  };
}

/** The provider's id of the message, where the answer is JSON with one. */
async function readId(response: Response): Promise<Pick<SendOutcome, "providerId">> {
  const { id }: { id?: unknown } = Object(await response.json().catch(() => ({})));
  return typeof id === "string" && ID.test(id) ? { providerId: id } : {};
}

/** Why no answer came; of a name with several addresses, with what each of them failed by. */
interface Failure {
  readonly code?: string;
  readonly syscall?: string;
  readonly errors?: readonly Failure[];
}

function failureOf(error: unknown): SendOutcome {
  const failure: Failure = error instanceof Error ? Object(error.cause) : {};
  const { code = "no_answer", errors = [failure] } = failure;
  const neverLeft =
    UNTRUSTED.test(code) || errors.every(({ syscall = "" }) => BEFORE_LEAVING.includes(syscall));
  return { status: neverLeft ? "unavailable" : "unknown", providerCode: code };
}
