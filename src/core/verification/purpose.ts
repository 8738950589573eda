/** What is so of every verification of a purpose. */
export interface PurposeRule {
  /**
   * Who may start one: `anybody`, a backend that shows its API key among them; such a `backend` alone; or the person
   * `self`, for their own phone.
   */
  readonly startedBy: "anybody" | "backend" | "self";
  /** What the right code gives: a session of the person, a proof for the backend that asked, or a factor of a user. */
  readonly gives: "session" | "proof" | "factor";
}

/** The purposes that a verification can be for, those of the design that work whole. */
export const PURPOSE_RULES = {
  /** Also signs up. */
  sign_in: { startedBy: "anybody", gives: "session" },
  /** Shows a company's backend that somebody holds a phone. */
  verify_identity: { startedBy: "backend", gives: "proof" },
  /** Shows that a user who is known already holds their phone: to raise a session, or beside another factor. */
  second_factor: { startedBy: "self", gives: "factor" },
} as const satisfies Record<string, PurposeRule>;

export type Purpose = keyof typeof PURPOSE_RULES;

export const PURPOSES = Object.keys(PURPOSE_RULES) as [Purpose, ...Purpose[]];

/** The purposes whose right code gives this. */
export function purposesGiving(what: PurposeRule["gives"]): readonly Purpose[] {
  return PURPOSES.filter((purpose) => PURPOSE_RULES[purpose].gives === what);
}
