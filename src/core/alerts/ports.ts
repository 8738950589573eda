import type { AlertKind } from "./kinds.ts";

/** Names what an alert is about: nothing of a person, at most 128 characters, such as `tencent/mainland`. */
export type AlertSubject = string;

/** More about an alert, for the operator: codes and counts, never a phone. */
export type AlertDetail = Readonly<Record<string, string | number>>;

/** Tells the operator what to do something about. No method rejects or waits for anything but the database. */
export interface Alerts {
  /** Tells of an alert once: as long as the same alert about the same subject stands, nothing more is told. */
  raise(kind: AlertKind, subject: AlertSubject, detail?: AlertDetail): Promise<void>;
  /** The alert is over, which is told if it was raised. Costs nothing where none stands. */
  clear(kind: AlertKind, subject: AlertSubject): Promise<void>;
  /**
   * All alerts about these subjects are over, except `sms_unanswered`: a sender that answers this process may not answer
   * another. Costs nothing where none stands.
   */
  settle(subjects: readonly AlertSubject[]): Promise<void>;
}

/** An alert as it is kept. Times are epoch milliseconds. */
export interface Alert {
  readonly id: string;
  readonly kind: AlertKind;
  readonly subject: AlertSubject;
  readonly detail: AlertDetail;
  readonly raisedAt: number;
  readonly clearedAt?: number;
}

/** The next thing to tell of an alert. */
export interface Telling {
  readonly alert: Alert;
  readonly what: "raised" | "cleared";
  /** How often it was tried before. */
  readonly attempts: number;
}

/** Alerts, and what of them is still to be told. */
export interface AlertStore {
  /** Of any number of callers with the same kind and subject exactly one gets true, until the alert is cleared. */
  raise(alert: Alert): Promise<boolean>;
  /** Of any number of callers exactly one gets true where the alert stands. */
  clear(kind: AlertKind, subject: AlertSubject, now: number): Promise<boolean>;
  /** What stands. */
  standing(): Promise<readonly Pick<Alert, "kind" | "subject">[]>;
  /** What is to be told by now, in the order in which it fell due; the end of an alert after its beginning. */
  due(now: number, limit: number): Promise<readonly Telling[]>;
  /** Notes that this was told, or will not be any more. What happened to the alert meanwhile is told next. */
  told(telling: Telling, now: number): Promise<void>;
  /** Notes that this could not be told, and is to be tried again at `until`. */
  postpone(telling: Telling, until: number): Promise<void>;
}

/** Takes one message to the operator. Resolves with whether it arrived; may arrive more than once. */
export type AlertPost = (message: AlertMessage) => Promise<boolean>;

/** What arrives. The id is the same each time it is sent. */
export interface AlertMessage {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly type: "alert.raised" | "alert.cleared";
  readonly data: {
    readonly id: string;
    readonly kind: AlertKind;
    readonly subject: AlertSubject;
    readonly text: { readonly en: string; readonly "zh-CN": string };
    readonly detail: AlertDetail;
    /** RFC 3339. */
    readonly raisedAt: string;
    readonly clearedAt?: string;
  };
}
