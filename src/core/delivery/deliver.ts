import type { Alerts } from "../alerts/ports.ts";
import type { Observer } from "../observer.ts";
import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type {
  Deadline,
  Message,
  MessageStatus,
  MessageStore,
  SendOutcome,
  SendStatus,
  SmsMessage,
  SmsSender,
} from "./ports.ts";

export interface DeliverDeps extends Pick<Observer, "onSent"> {
  readonly messages: MessageStore;
  /** The senders in the order in which they are tried. Never empty. */
  readonly route: readonly SmsSender[];
  /** Begins the time of one send. */
  readonly deadline: () => Deadline;
  /** Told of every message that no sender accepted, for the operator's log. */
  readonly report: (problem: DeliveryProblem) => void;
  readonly alerts: Alerts;
  /** What the message cost, and a function that corrects the budgets to it. */
  readonly settlePrice: (
    message: Message,
    outcome: SendOutcome & { readonly sender: string },
  ) => { readonly price: number; correct(): Promise<void> };
  readonly clock: Clock;
}

/** What an operator may know of a message that was not accepted: nothing of whom it was for. */
export interface DeliveryProblem {
  readonly messageId: string;
  readonly sender: string;
  readonly status: SendStatus;
  readonly providerCode?: string;
}

export type DeliveryRefusal = "phone_unreachable" | "too_many_requests" | "sms_unavailable";

/**
 * Writes a message down, then sends it. Refused with `idempotency_in_progress` where another request with its key came
 * first: limits keep two such requests apart, but may be lost between them. Other refusals are as of `handOver`.
 */
export async function deliver(
  deps: DeliverDeps,
  record: Message,
  sms: SmsMessage,
): Promise<Result<void, DeliveryRefusal | "idempotency_in_progress">> {
  const isFirst = await deps.messages.create(record);
  if (!isFirst) return refuse("idempotency_in_progress", { retryAfterSeconds: 1 });
  return await handOver(deps, record, sms);
}

/**
 * Sends a message that was written down, through the first sender of the route that can, and notes what became of it. The
 * next sender is tried only where the message was certainly not sent; an unknown outcome counts as sent (promise 5).
 *
 * Refused with `phone_unreachable` where the carrier refuses the number, with `too_many_requests` by the sender's own limit,
 * and with `sms_unavailable` where no sender could take it.
 */
export async function handOver(
  deps: DeliverDeps,
  record: Message,
  sms: SmsMessage,
): Promise<Result<void, DeliveryRefusal>> {
  const outcome = await sendByRoute(deps, sms);
  const { status, sender, providerCode } = outcome;
  deps.onSent(sender, status);
  if (status !== "accepted") {
    deps.report({ messageId: record.id, sender, status, ...(providerCode && { providerCode }) });
  }
  const settled = deps.settlePrice(record, outcome);
  try {
    await settled.correct();
  } finally {
    // Also where the limits fail: else no report would find its message, and no operator would hear of the outcome.
    await deps.messages.finish(record.id, { price: settled.price, ...outcome });
    await tellOperator(deps.alerts, outcome);
  }
  return deliveryResult(status, outcome.retryAfterSeconds);
}

/** What a message's status means for whoever asked for it. */
export function deliveryResult(
  status: MessageStatus,
  retryAfterSeconds?: number,
): Result<void, DeliveryRefusal> {
  const code = DELIVERY_REFUSALS[status];
  if (!code) return ok(undefined);
  const seconds = retryAfterSeconds ?? DEFAULT_RETRY_SECONDS[code];
  return refuse(code, { retryAfterSeconds: Math.max(1, Math.ceil(seconds)) });
}

const DELIVERY_REFUSALS: Readonly<Record<MessageStatus, DeliveryRefusal | undefined>> = {
  sending: undefined,
  accepted: undefined,
  unknown: undefined,
  delivered: undefined,
  failed: undefined,
  bad_number: "phone_unreachable",
  throttled: "too_many_requests",
  rejected: "sms_unavailable",
  unavailable: "sms_unavailable",
};

const DEFAULT_RETRY_SECONDS: Readonly<Record<DeliveryRefusal, number>> = {
  phone_unreachable: 3600,
  too_many_requests: 60,
  sms_unavailable: 30,
};

/** Raises an alert for what only the operator can mend, and ends it once a message is accepted again. */
async function tellOperator(alerts: Alerts, outcome: SendOutcome): Promise<void> {
  const { alert, settles, providerCode, requestId } = outcome;
  if (settles) await alerts.settle(settles);
  if (!alert) return;
  const detail = { ...(providerCode && { code: providerCode }), ...(requestId && { requestId }) };
  await alerts.raise(alert.kind, alert.subject, detail);
}

async function sendByRoute(
  deps: DeliverDeps,
  sms: SmsMessage,
): Promise<SendOutcome & { readonly sender: string }> {
  let last: SendOutcome & { sender: string } = { status: "unavailable", sender: "none" };
  for (const sender of deps.route) {
    last = { sender: sender.name, ...(await sendInTime(sender, sms, deps.deadline())) };
    if (last.status !== "unavailable") return last;
  }
  return last;
}

/** Sends within the deadline. A sender that rejects or is late may have sent all the same: the outcome is unknown. */
async function sendInTime(sender: SmsSender, sms: SmsMessage, deadline: Deadline): Promise<SendOutcome> {
  const timedOut = deadline.over.then((): SendOutcome => ({ status: "unknown", providerCode: "deadline" }));
  const sent = send(sender, sms, deadline).catch(
    (): SendOutcome => ({ status: "unknown", providerCode: "fault" }),
  );
  try {
    return await Promise.race([sent, timedOut]);
  } finally {
    deadline.end();
  }
}

/** Turns what a sender throws synchronously into a rejection. */
async function send(sender: SmsSender, sms: SmsMessage, deadline: Deadline): Promise<SendOutcome> {
  return await sender.send(sms, deadline);
}
