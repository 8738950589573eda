import type { ChallengeKind } from "../protection/challenges/ports.ts";

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
