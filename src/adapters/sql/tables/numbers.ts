/** The audit trail of further guesses that support gave strangers. The ledger itself holds what they may guess. */
export interface UnlocksTable {
  id: string;
  phone_tag: string;
  sealed_phone: string;
  /** Why, in the operator's words. */
  sealed_reason: string;
  at: number;
}

/** Who may sign up while sign-up is by invitation. */
export interface InvitationsTable {
  id: string;
  /** Unique. */
  phone_tag: string;
  sealed_phone: string;
  at: number;
}
