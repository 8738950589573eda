import type { AlertKind } from "../alerts/kinds.ts";
import type { Locale } from "../locale.ts";
import type { Phone } from "../phone.ts";
import type { Bucket } from "../protection/limits/ports.ts";
import type { Traffic } from "../protection/traffic.ts";
import type { Transaction } from "../transaction.ts";
import type { Purpose } from "../verification/purpose.ts";
import type { NoticeKind } from "./notice-kinds.ts";

/** What a sender is asked to send: the code of a verification, or a notice. */
export interface SmsMessage {
  readonly id: string;
  readonly to: Phone;
  /** The purpose of the code, or the kind of notice. */
  readonly purpose: Purpose | NoticeKind;
  readonly locale: Locale;
  /** Absent in notices. */
  readonly code?: string;
  /** Whole minutes until the code expires, rounded up; templates print it. Absent in notices. */
  readonly minutes?: number;
  /** The code by which the phone's holder stops what a notice tells of. */
  readonly stopCode?: string;
  /** What the code confirms; a message that does not say it must not go out. */
  readonly transaction?: Transaction;
  /** The composed text, for senders that carry free text. Its last line is the origin-bound line, if there is one. */
  readonly text: string;
}

/** The part of a message that decides which text says it. */
export type MessageOutline = Pick<SmsMessage, "to" | "purpose" | "locale" | "transaction">;

/**
 * What became of a send.
 * - `accepted`: the provider took it.
 * - `bad_number`: the provider or the carrier refuses this number.
 * - `throttled`: the provider's own limit for this number.
 * - `rejected`: certainly not sent: our account, signature, template or balance is wrong. The operator must act; the next
 *   sender may try.
 * - `unavailable`: certainly not sent, for now; the next sender may try.
 * - `unknown`: it may have been sent (timed out after the request left); never sent again on its own (promise 5).
 */
export type SendStatus = "accepted" | "bad_number" | "throttled" | "rejected" | "unavailable" | "unknown";

export interface SendOutcome {
  readonly status: SendStatus;
  /** The provider's own id of the message. */
  readonly providerId?: string;
  /** The provider's own code for a refusal, for the operator; never shown to the user. */
  readonly providerCode?: string;
  /** What the provider calls the request, for its support. */
  readonly requestId?: string;
  /** What the provider says it costs, in its own unit (parts of a message). */
  readonly fee?: number;
  readonly retryAfterSeconds?: number;
  /** With `throttled`: the provider takes nothing for this number before then (epoch milliseconds), however often it is asked. */
  readonly heldUntil?: number;
  /** An alert for the operator; its subject names an account or a text at the provider. */
  readonly alert?: { readonly kind: AlertKind; readonly subject: string };
  /** With `accepted`: the subjects of alerts that this send shows to be in order again. */
  readonly settles?: readonly string[];
}

/** The time that one send has. */
export interface Deadline {
  /**
   * Resolves when the time is over and a sender that heeds the signal has had a moment to say whether anything left.
   * Never resolves if `end` is called before.
   */
  readonly over: Promise<void>;
  /** Aborts when the time is over. Each call returns the same signal. */
  signal(): AbortSignal;
  /** To be called if the send ended in time. */
  end(): void;
}

/** An SMS provider. */
export interface SmsSender {
  readonly name: string;
  /** The most digits of a code that it carries. */
  readonly maxCodeLength: number;
  /** The least seconds between two messages to one phone. */
  readonly resendFloorSeconds: number;
  /** Set if it only fills approved templates: it cannot say what none of them contains. */
  readonly templatesOnly?: true;
  /** Whether it has a text for this message. A sender without this function carries every text. */
  readonly carries?: (message: MessageOutline) => boolean;
  /** Set if it may hold a number (`heldUntil`). */
  readonly holdsNumbers?: true;
  /**
   * Resolves within the deadline with what became of the message. No answer of a provider makes it reject. A rejection
   * counts as `unknown`.
   */
  send(message: SmsMessage, deadline: Pick<Deadline, "signal">): Promise<SendOutcome>;
}

/**
 * What is known of a message: `sending` until the sender answers, then its outcome, and finally what the carrier says:
 * `delivered` or `failed`. It only goes forward.
 */
export type MessageStatus = "sending" | SendStatus | "delivered" | "failed";

/** Whether no sender took the message: it reached nobody and is billed by nobody. */
export function isUnsent(status: MessageStatus): boolean {
  return ["bad_number", "throttled", "rejected", "unavailable"].includes(status);
}

/** One SMS, as the record keeps it. */
export interface Message {
  readonly id: string;
  /** The verification whose code it carries, or the notice that it is. */
  readonly verificationId: string;
  readonly phoneTag: string;
  readonly sealedPhone: string;
  readonly purpose: Purpose | NoticeKind;
  readonly bucket: Bucket;
  /** Absent in messages of older versions. */
  readonly traffic?: Traffic;
  /** The backend that asked for it, by its name. */
  readonly client?: string;
  /** The member under which limits count it. */
  readonly member?: string;
  /** Its price in millionths of a unit of the currency: first what was counted for it, later what it cost. */
  readonly price: number;
  readonly status: MessageStatus;
  readonly createdAt: number;
  /** The sender that it is counted for; later the last sender that was tried. */
  readonly sender?: string;
  readonly providerId?: string;
  readonly providerCode?: string;
  readonly requestId?: string;
  readonly fee?: number;
  /** The sender takes nothing for this phone before then. */
  readonly heldUntil?: number;
  /** What the carrier said became of it, in its own code. */
  readonly reportCode?: string;
  readonly reportedAt?: number;
  readonly idempotency?: Idempotency;
}

/** What binds a repeated request to its first answer. */
export interface Idempotency {
  /** Hash of phone tag, purpose and the client's key. */
  readonly key: string;
  /** Hash of the request that first used the key. */
  readonly fingerprint: string;
  /** What the first request was answered, besides what the message itself says. Times are epoch milliseconds. */
  readonly answer: {
    readonly codeLength: number;
    readonly expiresAt: number;
    readonly resendAt: number;
  };
}

/** The durable record of messages. */
export interface MessageStore {
  /**
   * Writes the message before it is sent, so that a crash leaves a trace (T13). False, and nothing is written, if
   * another message has its idempotency key. Rejects with `StaleKeyError`.
   */
  create(message: Message): Promise<boolean>;
  /** Notes what became of it and what it cost. If a carrier's report came before, that report stays. */
  finish(id: string, outcome: Finished): Promise<void>;
  /** Notes that the verification of these messages was approved: they no longer count as unconverted. */
  convert(verificationId: string): Promise<void>;
  /**
   * Until when this sender takes nothing for this phone, epoch milliseconds; undefined if it does not hold the phone.
   */
  heldUntil(phoneTag: string, sender: string, now: number): Promise<number | undefined>;
  /** The message of the request that used this idempotency key after `since`. */
  findByIdempotencyKey(key: string, since: number): Promise<Message | undefined>;
  /** Whom the messages of this verification went to, and for what; undefined if there are none. */
  findOf(verificationId: string): Promise<Pick<Message, "phoneTag" | "purpose" | "client"> | undefined>;
  /** What went out after `since`, oldest first, in pages of `limit`; for rebuilding limits that were lost. */
  sentSince(
    since: number,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly SentMessage[]>;
}

/** What became of a message in the end. */
export interface Finished extends SendOutcome {
  readonly sender: string;
  /** As the price of a message. */
  readonly price: number;
}

export interface SentMessage
  extends Pick<
    Message,
    | "id"
    | "verificationId"
    | "phoneTag"
    | "purpose"
    | "bucket"
    | "traffic"
    | "client"
    | "member"
    | "price"
    | "status"
    | "createdAt"
    | "sender"
  > {
  /** Whether its verification was approved. */
  readonly converted: boolean;
}
