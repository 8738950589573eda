import type { Clock, Random } from "../ports.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../time.ts";
import type { Sweeps, Swept, Turns } from "./ports.ts";

/** `RETENTION_…_DAYS`. */
export interface RetentionSettings {
  readonly messagesDays: number;
  readonly eventsDays: number;
  readonly failuresDays: number;
  readonly sessionsDays: number;
}

export interface TickDeps {
  readonly sweeps: Sweeps;
  readonly turns: Turns;
  /** Removes keys that nothing needs any more at this time; resolves with how many. */
  readonly pruneKeys: (now: number) => Promise<number>;
  /** What is to be done beside deleting what is over. */
  readonly jobs: Readonly<Partial<Record<Job, DoPiece>>>;
  /** Whether another process does jobs that this one cannot do: it need not wait for its turn then. */
  readonly leavesTurn?: boolean;
  readonly clock: Clock;
  /** What the database's own clock says, whole epoch milliseconds; undefined where it has none. */
  readonly databaseNow: () => Promise<number | undefined>;
  readonly random: Random;
  readonly retention: RetentionSettings;
  /** How far back limits look. One that is set to look further back sees what was counted from then on. */
  readonly longestWindowMs: number;
}

/**
 * `phone_changes` moves accounts to their new numbers, `notices` tells people of their accounts and `alerts` the operator;
 * `reports` learns what carriers say, `traffic` what is usual.
 */
export type Job = "phone_changes" | "notices" | "traffic" | "alerts" | "reports";

/**
 * Does one piece of a job: what is due by `now`, epoch milliseconds. Once `isOver` answers true, it begins nothing more that
 * takes long.
 */
export type DoPiece = (now: number, isOver: () => boolean) => Promise<Piece>;

/** One piece of work: how much was done, and whether that was all. */
export interface Piece {
  readonly count: number;
  readonly isLast: boolean;
}

export interface TickOptions {
  /** Does nothing when the last tick finished less than this before. Default 0. */
  readonly minGapMs?: number;
  /** How long the work may take; what is left then is for the next tick. Default 20 s. */
  readonly budgetMs?: number;
  /** Ends the work after the piece that is running, and one that takes long after what it is at. */
  readonly signal?: AbortSignal;
}

/** What deletes. */
export type Removal = Swept | "keys";
export type Task = Removal | Job;

export type TickReport =
  /** Somebody else does the work, or did it just now. */
  | { readonly ran: false }
  | {
      readonly ran: true;
      /** How many rows went, by task. */
      readonly removed: Readonly<Record<Removal, number>>;
      /** How much was done, by job. */
      readonly done: Readonly<Partial<Record<Job, number>>>;
      /** Whether all is done; else the next tick goes on. */
      readonly complete: boolean;
      /** What went wrong; the other tasks were done all the same. */
      readonly failures: readonly { readonly task: Task; readonly error: unknown }[];
    };

/** The name under which turns are taken. */
export const TICK = "tick";

/** How long the work of one turn may take, where nobody says otherwise. */
export const BUDGET_MS = 20_000;
/** A turn outlasts its work by this, so that nobody takes it while the last piece runs. */
const GRACE_MS = MINUTE_MS;
/** Rows of one piece. */
const PIECE = 500;
/** For clocks that disagree. */
const LIMITS_KEPT_LONGER_MS = DAY_MS;

/**
 * Does all periodic work once, piece by piece: the jobs that are due, and the deletion of what has been kept for its
 * whole retention. Idempotent: a process that is killed half-way leaves the rest to the next one, after its turn has run
 * out. What is deleted has expired, and what is done is due, by the database's clock as well: a machine whose clock is
 * ahead must not delete what all others still keep.
 */
export async function tick(deps: TickDeps, options: TickOptions = {}): Promise<TickReport> {
  const { clock, random, turns } = deps;
  const { minGapMs = 0, budgetMs = BUDGET_MS } = options;
  const now = clock.now();
  const holder = random.uuid(now);
  const dueBy = Math.min(now, (await deps.databaseNow()) ?? now);
  const turn = { task: TICK, holder, until: now + budgetMs + GRACE_MS, notSince: now - minGapMs };
  if (!(await turns.take(turn, now))) return { ran: false };
  const isOver = () => options.signal?.aborted === true || clock.now() >= now + budgetMs;
  const jobs = jobsOf(deps, dueBy, isOver);
  const removals = removalsOf(deps, dueBy);
  const { counts, complete, failures } = await work([...jobs, ...removals], isOver);
  // Deletion that failed is tried again by whoever comes next. Jobs that failed, such as for a provider that does not
  // answer, wait until the next turn is due.
  if (deps.leavesTurn || failures.some(({ failed }) => removals.includes(failed as Work<Removal>)))
    await turns.giveBack(TICK, holder).catch(() => {});
  else await turns.finish(TICK, holder, clock.now());
  return {
    ran: true,
    removed: countsOf(removals, counts) as Record<Removal, number>,
    done: countsOf(jobs, counts),
    complete,
    failures: failures.map(({ failed, error }) => ({ task: failed.task, error })),
  };
}

interface Work<T extends Task> {
  readonly task: T;
  run(): Promise<Piece>;
}

function removalsOf(
  { sweeps, pruneKeys, retention, longestWindowMs }: TickDeps,
  now: number,
): Work<Removal>[] {
  const keptMs: Record<Swept, number> = {
    verifications: HOUR_MS,
    limits: longestWindowMs + LIMITS_KEPT_LONGER_MS,
    proofs: HOUR_MS,
    passkeyChallenges: 0,
    messages: retention.messagesDays * DAY_MS,
    notices: retention.messagesDays * DAY_MS,
    replies: retention.messagesDays * DAY_MS,
    alerts: retention.eventsDays * DAY_MS,
    events: retention.eventsDays * DAY_MS,
    unlocks: retention.eventsDays * DAY_MS,
    failures: retention.failuresDays * DAY_MS,
    erasures: retention.failuresDays * DAY_MS,
    sessions: retention.sessionsDays * DAY_MS,
  };
  const sweeping = (Object.keys(keptMs) as Swept[]).map((task) => ({
    task,
    async run() {
      const count = await sweeps[task](now - keptMs[task], PIECE);
      return { count, isLast: count < PIECE };
    },
  }));
  return [...sweeping, { task: "keys", run: async () => ({ count: await pruneKeys(now), isLast: true }) }];
}

function jobsOf({ jobs }: TickDeps, now: number, isOver: () => boolean): Work<Job>[] {
  return Object.entries(jobs).map(([task, run]) => ({ task: task as Job, run: () => run(now, isOver) }));
}

function countsOf<T extends Task>(works: readonly Work<T>[], counts: ReadonlyMap<Work<Task>, number>) {
  const entries = works.map((work) => [work.task, counts.get(work) ?? 0] as const);
  return Object.fromEntries(entries) as Partial<Record<T, number>>;
}

/**
 * In rounds of one piece each, so that a task with much to do keeps no other from its turn. Counts by work and not by
 * its name: alerts are both told and deleted.
 */
async function work(works: readonly Work<Task>[], isOver: () => boolean) {
  const counts = new Map<Work<Task>, number>();
  const failures: { failed: Work<Task>; error: unknown }[] = [];
  const queue = [...works];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (isOver()) return { counts, complete: false, failures };
    try {
      const { count, isLast } = await next.run();
      counts.set(next, (counts.get(next) ?? 0) + count);
      if (!isLast) queue.push(next);
    } catch (error) {
      failures.push({ failed: next, error });
    }
  }
  return { counts, complete: failures.length === 0, failures };
}
