import type { Alerts } from "../alerts/ports.ts";
import type { Observer } from "../observer.ts";
import type { Clock } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { Circuit } from "./circuit.ts";
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
  readonly circuit: Circuit;
  /** Begins the time of one try: at most what is left of the message's time (milliseconds). */
  readonly deadline: (leftMs: number) => Deadline;
  /** Told of every try that was not accepted, for the operator's log. */
  readonly report: (problem: DeliveryProblem) => void;
  readonly alerts: Alerts;
  /** What the message cost, and a function that corrects the budgets to it. */
  readonly settlePrice: (
    message: Message,
    outcome: Tried,
  ) => { readonly price: number; correct(): Promise<void> };
  readonly clock: Clock;
}

/** What one sender said of a message. */
interface Tried extends SendOutcome {
  readonly sender: string;
  /** What it changed about whether the sender answers at all. */
  readonly change?: ReturnType<Circuit["note"]>;
}

/** What an operator may know of a message that was not accepted. It does not tell whom the message was for. */
export interface DeliveryProblem {
  readonly messageId: string;
  readonly sender: string;
  readonly status: SendStatus;
  readonly providerCode?: string;
}

export type DeliveryRefusal = "phone_unreachable" | "too_many_requests" | "sms_unavailable";

/**
 * Writes a message down, then sends it. Refused with `idempotency_in_progress` if another request with its key came
 * first: limits keep two such requests apart, but they may be lost between the two. Other refusals are those of
 * `sendRecorded`.
 */
export async function deliver(
  deps: DeliverDeps,
  record: Message,
  sms: SmsMessage,
): Promise<Result<void, DeliveryRefusal | "idempotency_in_progress">> {
  const isFirst = await deps.messages.create(record);
  if (!isFirst) return refuse("idempotency_in_progress", { retryAfterSeconds: 1 });
  return await sendRecorded(deps, record, sms);
}

/**
 * Sends a recorded message through the first sender of the route that takes it, and notes the outcome of the last try.
 * The next sender is tried only if the message was certainly not sent, and not because of the number. An unknown
 * outcome counts as sent (promise 5).
 *
 * Refused with `phone_unreachable` if the carrier refuses the number, with `too_many_requests` by the sender's own
 * limit, and with `sms_unavailable` if no sender could take it.
 */
export async function sendRecorded(
  deps: DeliverDeps,
  record: Message,
  sms: SmsMessage,
): Promise<Result<void, DeliveryRefusal>> {
  const tries = await sendByRoute(deps, sms);
  const outcome = tries.at(-1) ?? NOBODY;
  const settled = deps.settlePrice(record, outcome);
  try {
    await settled.correct();
  } finally {
    // Runs even if the limits fail. Otherwise no report would find its message, and no operator would hear of the
    // outcome.
    await deps.messages.finish(record.id, { price: settled.price, ...outcome });
    for (const tried of tries) await tellOperator(deps.alerts, tried);
  }
  return deliveryResult(outcome.status, outcome.retryAfterSeconds);
}

/** What a message's status means for the caller that asked for it. */
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

const NOBODY: Tried = { status: "unavailable", sender: "none" };

/** After these the next sender is tried: the message was certainly not sent, and not because of the number. */
const GOES_ON: readonly SendStatus[] = ["unavailable", "rejected"];

/** The time of all tries together: a person waits for them. */
export const ALL_TRIES_MS = 12_000;
/** With less time left there is no further try: no answer would come in time, and the outcome would stay unknown. */
const LEAST_MS = 1_000;

/** Raises an alert if only the operator can mend the cause, and ends it once that is mended. */
async function tellOperator(alerts: Alerts, tried: Tried): Promise<void> {
  const { alert, settles, sender, change, providerCode, requestId } = tried;
  const detail = { ...(providerCode && { code: providerCode }), ...(requestId && { requestId }) };
  if (settles) await alerts.settle(settles);
  if (change === "up") await alerts.clear("sms_unanswered", sender);
  if (change === "down") await alerts.raise("sms_unanswered", sender, detail);
  if (alert) await alerts.raise(alert.kind, alert.subject, detail);
}

/** Tries the senders in turn. Resolves with the outcome of each try. */
async function sendByRoute(deps: DeliverDeps, sms: SmsMessage): Promise<readonly Tried[]> {
  const { clock, circuit, deadline } = deps;
  const until = clock.now() + ALL_TRIES_MS;
  const tries: Tried[] = [];
  for (const sender of circuit.order(deps.route)) {
    const leftMs = until - clock.now();
    if (tries.length > 0 && leftMs < LEAST_MS) break;
    const outcome = await sendInTime(sender, sms, deadline(leftMs));
    tries.push({ sender: sender.name, change: note(deps, sms, sender, outcome), ...outcome });
    if (!GOES_ON.includes(outcome.status)) break;
  }
  return tries;
}

/** Notes one try for log, metrics and the next messages. */
function note(
  { onSent, report, circuit }: DeliverDeps,
  { id: messageId }: SmsMessage,
  { name: sender }: SmsSender,
  { status, providerCode }: SendOutcome,
): Tried["change"] {
  onSent(sender, status);
  if (status !== "accepted") report({ messageId, sender, status, ...(providerCode && { providerCode }) });
  return circuit.note(sender, status);
}

/**
 * Sends within the deadline. At the deadline a sender may still say that nothing has left. If it rejects or says
 * nothing, the message may have been sent: the outcome is unknown.
 */
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
