/** What grows with use and is deleted when its time is over. */
export type Swept =
  | "verifications"
  | "limits"
  | "messages"
  | "notices"
  | "replies"
  | "alerts"
  | "proofs"
  | "events"
  | "unlocks"
  | "failures"
  | "erasures"
  | "passkeyChallenges"
  | "sessions";

/**
 * Deletes what was over before `before` (epoch milliseconds), at most `limit` rows, in statements that no request
 * waits for long. Resolves with how many; fewer than `limit` means that nothing is left. Never touches anything that
 * is still live, and may run twice at once.
 */
export type Sweep = (before: number, limit: number) => Promise<number>;

export type Sweeps = Readonly<Record<Swept, Sweep>>;

/** Whose turn it is to do periodic work: one process at a time, however many run. */
export interface Turns {
  /**
   * Takes the turn of `task` until `until`, unless somebody has it or finished it after `notSince`. Of several racers
   * exactly one gets true. Times that lie so far ahead that only a wrong clock can have written them do not count.
   */
  take(turn: Turn, now: number): Promise<boolean>;
  /** Ends the turn, if `holder` still has it, and notes that the work was done. */
  finish(task: string, holder: string, now: number): Promise<void>;
  /** Ends the turn, if `holder` still has it, without having done the work. */
  giveBack(task: string, holder: string): Promise<void>;
  /** When the work was last done, epoch milliseconds; undefined when it never was. */
  finishedAt(task: string): Promise<number | undefined>;
}

export interface Turn {
  readonly task: string;
  /** Names who takes it; unguessable, never used twice. */
  readonly holder: string;
  /** When the turn ends if the holder dies. */
  readonly until: number;
  /** Refuses when the work was done after this. */
  readonly notSince: number;
}

/** What a check of the doctor found about one part. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly name: string;
  readonly status: "ok" | "warn" | "wrong";
  /** What is so, in plain words; never a secret, a phone or a code. */
  readonly says: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** Looks at one part for real. May reject: then the part cannot be reached or used at all. */
export type Check = () => Promise<readonly Finding[]>;
