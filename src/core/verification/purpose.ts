import { MINUTE_MS } from "../time.ts";

/** What all verifications of a purpose have in common. */
export interface PurposeRule {
  /**
   * Who may start one: `anybody`, which includes a backend with its API key; only a `backend` with its API key; the
   * person `self`, for their own phone; or a signed-in `user`, for a phone that is not their own.
   */
  readonly startedBy: "anybody" | "backend" | "self" | "user";
  /**
   * What the right code gives: a session of the person, a proof for the backend that asked, a factor of a user, a new
   * password, a new number for the account of the user who asked, or the erasure of that account.
   */
  readonly gives: "session" | "proof" | "factor" | "password" | "number" | "erasure";
  /** Set if the code is a temporary password: as strong as the senders can carry, and to be replaced at once. */
  readonly isPassword?: true;
  /** Set if it confirms a transaction: the code is derived from the transaction and is good for no other. */
  readonly confirmsTransaction?: true;
  /** How long its codes live at most, resends included, if that is less than ten minutes. */
  readonly mostLifeMs?: number;
}

/** The purposes that a verification can be for. */
export const PURPOSE_RULES = {
  /** Also signs up. */
  sign_in: { startedBy: "anybody", gives: "session" },
  /** Signs in like a code. The user must then choose a password of their own. */
  temporary_password: { startedBy: "anybody", gives: "session", isPassword: true },
  /** Sets a new password. */
  reset_password: { startedBy: "anybody", gives: "password" },
  /** Shows a company's backend that somebody holds a phone. */
  verify_identity: { startedBy: "backend", gives: "proof" },
  /** Shows it that they agree to one payment (dynamic linking: PSD2 RTS, article 5). */
  confirm_transaction: {
    startedBy: "backend",
    gives: "proof",
    confirmsTransaction: true,
    mostLifeMs: 5 * MINUTE_MS,
  },
  /** Shows that a known user still holds their phone: to raise a session, or beside another factor. */
  second_factor: { startedBy: "self", gives: "factor" },
  /** Shows a user who wants to move their account that they hold the new phone. */
  change_phone: { startedBy: "user", gives: "number" },
  /** Shows that a user who wants their account erased holds its phone. */
  delete_account: { startedBy: "self", gives: "erasure" },
} as const satisfies Record<string, PurposeRule>;

export type Purpose = keyof typeof PURPOSE_RULES;

export const PURPOSES = Object.keys(PURPOSE_RULES) as [Purpose, ...Purpose[]];

/** The rule of a purpose. */
export function ruleOf(purpose: Purpose): PurposeRule {
  return PURPOSE_RULES[purpose];
}

/** The purposes whose right code gives this. */
export function purposesGiving(what: PurposeRule["gives"]): readonly Purpose[] {
  return PURPOSES.filter((purpose) => PURPOSE_RULES[purpose].gives === what);
}
