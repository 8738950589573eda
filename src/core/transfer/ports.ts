import type { User } from "../account/ports.ts";

/** Users in bulk, for moving in and out. */
export interface UserTransferStore {
  count(): Promise<number>;
  /** The users after this id, in the order of their ids; at most `limit`. */
  page(after: string | undefined, limit: number): Promise<readonly User[]>;
  /** The users who have one of these ids or one of these tags. */
  taken(ids: readonly string[], tags: readonly string[]): Promise<readonly Pick<User, "id" | "phoneTag">[]>;
  /**
   * Adds those whose id and phone nobody has, in one durable transaction, and ends what sessions their ids may have
   * from a user before. Resolves with the ids of those it added: nobody who is there already is changed. Rejects with
   * `StaleKeyError` when the tags were made under a key that was replaced.
   */
  add(users: readonly User[], now: number): Promise<ReadonlySet<string>>;
}
