import type { Clock, Random } from "../ports.ts";
import { spentLedger } from "../protection/budgets/ledger.ts";
import type { WrongGuess } from "../protection/budgets/ports.ts";
import { DAY_MS } from "../time.ts";
import { isUserId } from "../transfer/incoming.ts";
import { linesOf } from "../transfer/lines.ts";
import type { VerificationStore } from "../verification/ports.ts";

/** The database after a backup of it was played back. */
export interface RestoredStore {
  /** Adds these to the ledger of every phone, strangers' and known devices', in one durable transaction. */
  spendLedgers(marks: readonly (WrongGuess & { readonly id: string })[]): Promise<void>;
  /** Ends the live sessions among the next `limit` after this id; resolves with how many, and the last id looked at. */
  endSessions(
    after: string | undefined,
    limit: number,
    now: number,
  ): Promise<{ readonly ended: number; readonly last?: string }>;
  /** Takes back up to `limit` of the changes of number that wait; resolves with how many it did. */
  takeBackPhoneChanges(limit: number, now: number): Promise<number>;
  /** Erases the user as they were erased before. False when there is no such user. */
  erase(account: { readonly userId: string; readonly id: string; readonly at: number }): Promise<boolean>;
}

export interface RestoredDeps {
  readonly restored: RestoredStore;
  /** The verifications of the database, wherever live ones are kept. */
  readonly verifications: Pick<VerificationStore, "sweep">;
  readonly voidDeviceTokens: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RestoredCounts {
  readonly sessions: number;
  readonly phoneChanges: number;
  readonly erased: number;
  /** Ids of no user of this database: erased before the backup, made after it, or mistyped. */
  readonly unknown: number;
  /** Lines in which there is no id: whom they mean is not erased. */
  readonly unreadable: number;
}

const PIECE = 500;
const MOST_LINE_BYTES = 256;

/**
 * Puts right what a backup brings back that was over: guesses at codes, changes of number that had been stopped, sessions
 * that had been ended, tokens of devices, verifications with attempts left, and users who were erased. May be killed and
 * repeated.
 *
 * @param erasures ids of users who were erased since the backup, one a line, from a list kept outside the database;
 *   also as `phonekey users erase --json` prints them
 * @param onProgress told how many sessions were ended so far
 */
export async function afterRestore(
  deps: RestoredDeps,
  erasures: AsyncIterable<Uint8Array>,
  onProgress: (sessions: number) => void,
): Promise<RestoredCounts> {
  const now = deps.clock.now();
  const marks = spentLedger(now).map((mark) => ({ ...mark, id: deps.random.uuid(now) }));
  await deps.restored.spendLedgers(marks);
  await deps.voidDeviceTokens();
  // Live ones too: the backup does not know of attempts at them that were made after it.
  while ((await deps.verifications.sweep(now + DAY_MS, PIECE)) === PIECE);
  const sessions = await endSessions(deps, now, onProgress);
  const phoneChanges = await takeBackPhoneChanges(deps, now);
  return { sessions, phoneChanges, ...(await erase(deps, erasures)) };
}

/** Takes back what had ended with a session or by an answer of the former number: each would move its account. */
async function takeBackPhoneChanges({ restored }: RestoredDeps, now: number): Promise<number> {
  let [count, taken] = [0, PIECE];
  while (taken === PIECE) {
    taken = await restored.takeBackPhoneChanges(PIECE, now);
    count += taken;
  }
  return count;
}

async function endSessions(
  { restored }: RestoredDeps,
  now: number,
  onProgress: (sessions: number) => void,
): Promise<number> {
  let sessions = 0;
  let after: string | undefined;
  do {
    const { ended, last } = await restored.endSessions(after, PIECE, now);
    sessions += ended;
    after = last;
    onProgress(sessions);
  } while (after !== undefined);
  return sessions;
}

async function erase({ restored, clock, random }: RestoredDeps, erasures: AsyncIterable<Uint8Array>) {
  let [erased, unknown, unreadable] = [0, 0, 0];
  for await (const { text } of linesOf(erasures, MOST_LINE_BYTES)) {
    const at = clock.now();
    const userId = text.ok ? idIn(text.value.trim()) : undefined;
    if (userId === undefined) unreadable += 1;
    else if (await restored.erase({ userId, id: random.uuid(at), at })) erased += 1;
    else unknown += 1;
  }
  return { erased, unknown, unreadable };
}

/** What says of itself that nobody was erased names nobody. */
function idIn(line: string): string | undefined {
  if (isUserId(line)) return line;
  try {
    const { id, erased } = JSON.parse(line) as Record<string, unknown>;
    return erased === true && isUserId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
