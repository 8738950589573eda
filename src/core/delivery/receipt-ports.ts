import type { Message, SentMessage } from "./ports.ts";

/** The most characters of the number that a sender has for a message. */
export const MOST_PROVIDER_ID = 120;

/** What a carrier said of one message, as it is kept. */
export interface Report {
  /** The message's own number at the sender; our own id where the sender has none for it. */
  readonly providerId: string;
  readonly outcome: "delivered" | "failed";
  /** The carrier's code. */
  readonly code: string;
  /** When it came here, epoch milliseconds. */
  readonly at: number;
}

/** A report of which nobody knows yet which message it is about. */
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
   * Notes the report at the message of this sender that has its number and one of these tags: what was delivered or
   * failed stays so (forward only). Resolves with the message as it is then, also when it was reported before; undefined
   * where there is none. Where the number is not written down yet, a message of ours may be named by `messageId`, which
   * must still wait for its outcome and be to the same phone. Where our own id is the only number that the report has, it
   * fits a message that this sender took. Of one whose outcome nobody writes down any more (`cutOffBy`) nobody knows which
   * sender had it: either fits, and the message is that sender's then.
   */
  note(to: ReportedMessage, report: Report): Promise<Noted | undefined>;
  /** Whether a message to one of these tags was made after `since` and waits for its sender's answer. */
  isSending(tags: readonly string[], since: number): Promise<boolean>;
  /** Keeps a report until its message is known, unless `most` are kept already. */
  keepEarly(report: EarlyReport, most: number): Promise<void>;
  early(limit: number): Promise<readonly EarlyReport[]>;
  dropEarly(reports: readonly Pick<EarlyReport, "sender" | "providerId">[]): Promise<void>;
  /** What this sender took or may have taken, without a report, made after `from` and up to `to`, oldest first. */
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
  /** Keeps what a person answered; the same answer once. */
  keepReply(reply: Reply): Promise<void>;
  /** Notes that this phone wants nothing which its holder did not ask for. */
  optOut(phone: Pick<Reply, "id" | "phoneTag" | "sealedPhone" | "at">): Promise<void>;
  isOptedOut(tags: readonly string[]): Promise<boolean>;
  /** The last replies from one of these tags, newest first. */
  repliesOf(tags: readonly string[], limit: number): Promise<readonly Reply[]>;
}

export interface ReportedMessage {
  readonly sender: string;
  readonly tags: readonly string[];
  readonly messageId?: string;
  /** Whoever sends a message that was made by then was cut off. Epoch milliseconds. */
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
