import type { NoticeKind } from "../../../core/delivery/notice-kinds.ts";
import type { Locale } from "../../../core/locale.ts";
import type { NoticeState } from "../../../core/notices/ports.ts";

/** The outbox of notices, and the outcome of those that are finished. */
export interface NoticesTable {
  id: string;
  user_id: string;
  kind: NoticeKind;
  /** Empty once it is over, as is the phone. */
  phone_tag: string;
  sealed_phone: string;
  locale: Locale;
  state: NoticeState;
  created_at: number;
  sealed_stop_code: string | null;
  /** Null once it is over. */
  due_at: number | null;
}

/** Accounts that are about to move to another number. */
export interface PhoneChangesTable {
  id: string;
  user_id: string;
  session_id: string;
  /** The sealed phone and the tag of the new number. */
  phone_tag: string;
  sealed_phone: string;
  stop_hash: string;
  locale: Locale;
  created_at: number;
  due_at: number;
}

/**
 * Numbers whose account was erased. The remains of the number that had to stay for a while are deleted with this row.
 */
export interface ErasuresTable {
  id: string;
  phone_tag: string;
  at: number;
}
