import type { Message, SentMessage } from "./ports.ts";

/** The most characters of the number that a sender has for a message. */
export const MOST_PROVIDER_ID = 120;

/** What a carrier said of one message, as it is kept. */
export interface Report {
  /** The message's own number at the sender; our own id if the sender has none for it. */
  readonly providerId: string;
  readonly outcome: "delivered" | "failed";
  /** The carrier's code. */
  readonly code: string;
  /** When it came here, epoch milliseconds. */
  readonly at: number;
}

/** A report whose message is not known yet. */
export interface EarlyReport extends Report {
  readonly sender: string;
  readonly phoneTag: string;
}

/** A message that somebody may ask the sender about. */
export type Unreported = Pick<Message, "id" | "phoneTag" | "sealedPhone" | "createdAt">;

/** A message that was reported on, with what became of it in the end. */
export type Noted = Pick<Message, "id" | "status" | "bucket" | "traffic" | "member">;

/** A message of the record, and whether its verification was approved. */
export type RecordedMessage = Message & Pick<SentMessage, "converted">;

/** What became of messages after their sender took them. */
export interface ReceiptStore {
  /**
   * Notes the report at the message of this sender that has its number and one of these tags. A message that was
   * delivered or failed stays so (forward only). Resolves with the message as it is then, even if it was reported
   * before; undefined if there is none.
   *
   * If the number is not written down yet, `messageId` may name a message of ours. That message must still wait for its
   * outcome and be to the same phone. If the report has no number but our own id, it fits a message that this sender
   * took. If the sending of a message was cut off (`cutOffBy`), nobody knows which sender had it. Then a report of any
   * sender fits, and the message is that sender's from then on.
   */
  note(to: ReportedMessage, report: Report): Promise<Noted | undefined>;
  /** Whether a message to one of these tags was made after `since` and waits for its sender's answer. */
  isSending(tags: readonly string[], since: number): Promise<boolean>;
  /** Keeps a report until its message is known. Keeps none if there are `most` already. */
  keepEarly(report: EarlyReport, most: number): Promise<void>;
  early(limit: number): Promise<readonly EarlyReport[]>;
  dropEarly(reports: readonly Pick<EarlyReport, "sender" | "providerId">[]): Promise<void>;
  /**
   * Messages without a report that this sender took or may have taken, made after `from` and up to `to`, oldest first.
   */
  unreported(
    sender: string,
    made: { readonly from: number; readonly to: number },
    limit: number,
  ): Promise<readonly Unreported[]>;
  /** The last messages to one of these tags, newest first. */
  messagesTo(tags: readonly string[], limit: number): Promise<readonly RecordedMessage[]>;
}

/** What people answer to messages. */
export interface ReplyStore {
  /** Whether a message was ever sent to one of these tags, as far as the record goes. */
  wasSentTo(tags: readonly string[]): Promise<boolean>;
  /** Keeps what a person answered. The same answer is kept once. */
  keepReply(reply: Reply): Promise<void>;
  /** Notes that this phone wants only what its holder asked for. */
  optOut(phone: Pick<Reply, "id" | "phoneTag" | "sealedPhone" | "at">): Promise<void>;
  isOptedOut(tags: readonly string[]): Promise<boolean>;
  /** The last replies from one of these tags, newest first. */
  repliesOf(tags: readonly string[], limit: number): Promise<readonly Reply[]>;
}

export interface ReportedMessage {
  readonly sender: string;
  readonly tags: readonly string[];
  readonly messageId?: string;
  /** A message that was made by then and still waits for its outcome was cut off. Epoch milliseconds. */
  readonly cutOffBy: number;
}

export interface Reply {
  readonly id: string;
  readonly phoneTag: string;
  readonly sealedPhone: string;
  readonly sealedText: string;
  /** Epoch milliseconds. */
  readonly at: number;
}
