import type { NoticeKind } from "../delivery/notice-kinds.ts";
import type { Message } from "../delivery/ports.ts";
import type { Locale } from "../locale.ts";

/**
 * What became of a notice.
 * - `waiting`: nobody has sent it yet.
 * - `sending`: somebody is sending it, or was cut off while doing so.
 * - `sent`: a sender took it.
 * - `unknown`: it may have been sent; never sent again (promise 5).
 * - `opted_out`, `no_text`, `refused`, `expired`: not sent, since the phone's holder wants nothing that they did not ask
 *   for, no sender has a text for it, the carrier refuses the number, or it could not be sent for a day.
 */
export type NoticeState = "waiting" | "sending" | NoticeEnd;
export type NoticeEnd = "sent" | "unknown" | "opted_out" | "no_text" | "refused" | "expired";

/** A notice that was promised and not sent yet. Times are epoch milliseconds. */
export interface Notice {
  readonly id: string;
  readonly userId: string;
  readonly kind: NoticeKind;
  readonly phoneTag: string;
  /** For this id. */
  readonly sealedPhone: string;
  /** Encrypted for this id, until it was sent. */
  readonly sealedStopCode?: string;
  readonly locale: Locale;
  readonly createdAt: number;
}

/** A notice whose time has come. */
export interface DueNotice extends Notice {
  readonly state: "waiting" | "sending";
}

/**
 * The outbox of notices. A notice is written down in the transaction of what it tells of, so that both survive a crash
 * or neither; stores of the database do that with `addNotices`.
 */
export interface NoticeStore {
  /** Writes down a notice of something that is durable already. */
  add(notice: Notice): Promise<void>;
  /** The notice, as long as it waits. */
  findWaiting(id: string): Promise<Notice | undefined>;
  /**
   * Whoever gets true sends it, and its message is written down in the same step; of several racers exactly one does.
   * Whoever is cut off then has until `until` to return. Rejects with `StaleKeyError`.
   */
  claim(id: string, until: number, message: Message): Promise<boolean>;
  /** What was claimed was certainly not sent: it waits until then. */
  giveBack(id: string, until: number): Promise<void>;
  /** What waits is not tried again before then. */
  postpone(id: string, until: number): Promise<void>;
  /** Ends a notice and forgets its phone. */
  end(id: string, state: NoticeEnd): Promise<void>;
  /** The notices that wait and are to be tried by now, and those that nobody returned from; longest due first. */
  due(now: number, limit: number): Promise<readonly DueNotice[]>;
}
