import { sha256 } from "../secrets.ts";
import type { Client } from "./client.ts";
import { type Purpose, ruleOf } from "./purpose.ts";
import type { Self } from "./self.ts";

/** The holder of a verification for another phone than the user's own: nobody but this user can use its code. */
export function userHolder(userId: string): string {
  return `user:${sha256(userId)}`;
}

/** Who starts a verification, and for what. */
interface Starter {
  readonly client: Client;
  readonly purpose: Purpose;
  /** The user who shows that they are signed in. */
  readonly self?: Self | undefined;
}

/**
 * Who holds a verification that is started now (`Verification.holder`): the user, if it is for a phone that is not
 * their own; otherwise a known device, or the client's address if this client holds by it.
 *
 * @param known.deviceId the known device that the client runs on
 * @param known.addressTag stands for the client's address
 */
export function holderOf(
  { client, purpose, self }: Starter,
  known: { readonly deviceId?: string | undefined; readonly addressTag?: string | undefined },
): string | undefined {
  if (self && ruleOf(purpose).startedBy === "user") return userHolder(self.user.id);
  if (known.deviceId) return `device:${known.deviceId}`;
  return client.holdsByAddress && known.addressTag ? `address:${known.addressTag}` : undefined;
}
