/** What a verification can be for. */
export const PURPOSES = ["sign_in"] as const;

export type Purpose = (typeof PURPOSES)[number];
