/** Carriers' reports on messages whose number at the provider is not recorded yet. */
export interface EarlyReportsTable {
  /** The sender's name and its number of the message, separated by a space. */
  id: string;
  phone_tag: string;
  /** 1 or 0. */
  delivered: number;
  code: string;
  at: number;
}

/** What people answered to messages. */
export interface RepliesTable {
  id: string;
  phone_tag: string;
  sealed_phone: string;
  sealed_text: string;
  at: number;
}

/** Phones that want no message which their holder did not ask for. */
export interface OptOutsTable {
  id: string;
  phone_tag: string;
  sealed_phone: string;
  at: number;
}
