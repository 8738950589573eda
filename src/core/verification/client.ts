import type { ChallengeKind } from "../protection/challenges/ports.ts";
import { sha256 } from "../secrets.ts";

/** Who calls, as a door knows it. Each field is trusted only as far as its comment says. */
export interface Client {
  /** The client's address, in the form in which limits count it; absent if no source of it can be trusted. */
  readonly addressKey?: string;
  /** The address itself, for captcha services that compare it. Kept nowhere. */
  readonly address?: string;
  /** The kinds of challenges that callers of this door can solve; absent if they can solve all. */
  readonly solves?: readonly ChallengeKind[];
  /** What tells a known device from a stranger. */
  readonly deviceToken?: string;
  /**
   * Whether a start from the same address finds its verification again. Set at the functions API, whose clients keep
   * nothing between two calls.
   */
  readonly holdsByAddress?: boolean;
  /** The hash of the browser's pre-session, at the pages. */
  readonly browser?: string;
}

/** The holder of a verification for another phone than the user's own: nobody but this user can use its code. */
export function userHolder(userId: string): string {
  return `user:${sha256(userId)}`;
}

/** What a client can hold a verification by. */
export interface HolderTraits {
  /** The known device that it runs on. */
  readonly deviceId?: string | undefined;
  /** Stands for its address. */
  readonly addressTag?: string | undefined;
}

/**
 * Who holds a verification that is started now: a known device, or else the client's address if this client holds by
 * it.
 */
export function holderOf(client: Client, known: HolderTraits): string | undefined {
  if (known.deviceId) return `device:${known.deviceId}`;
  return client.holdsByAddress && known.addressTag ? `address:${known.addressTag}` : undefined;
}
