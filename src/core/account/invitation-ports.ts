/** Somebody who may sign up if that takes an invitation (`SIGN_UP=invited`). */
export interface Invitation {
  readonly id: string;
  readonly phoneTag: string;
  readonly sealedPhone: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface InvitationStore {
  /** False if this phone is invited already. Rejects with `StaleKeyError`. */
  add(invitation: Invitation): Promise<boolean>;
  /** Takes the invitation of this phone back. False if there is none. */
  remove(tags: readonly string[]): Promise<boolean>;
  has(tags: readonly string[]): Promise<boolean>;
  /** The next invitations after this id, in the order of their ids. An empty id begins with the first. */
  page(after: string, limit: number): Promise<readonly Invitation[]>;
}
