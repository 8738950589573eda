import type { Turns } from "../maintenance/ports.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { UnavailableError } from "../refusals.ts";
import { MINUTE_MS } from "../time.ts";
import type { PhoneVault } from "../vault.ts";
import type { ReceiptStore, Unreported } from "./receipt-ports.ts";
import type { CarrierReport } from "./receipts.ts";

export interface PullDeps {
  readonly receipts: ReceiptStore;
  readonly vault: Pick<PhoneVault, "open">;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
  readonly sender: string;
  /** Asks the sender what became of the messages to a phone since then (epoch milliseconds). May reject. */
  readonly ask: (phone: Phone, since: number) => Promise<readonly CarrierReport[]>;
  /** Notes reports; resolves with how many fitted a message. */
  readonly note: (reports: readonly CarrierReport[]) => Promise<number>;
}

/** The name under which turns are taken. */
const PULL = "reports";
/** Longer than one pull takes. */
const TURN_MS = MINUTE_MS;

/** How old a message is when its sender is asked about it. */
const AGES_MS = [1, 5, 30, 360].map((minutes) => minutes * MINUTE_MS);
/** After a longer pause only messages that reached an age within this time are asked about. */
const LONGEST_GAP_MS = 10 * MINUTE_MS;
const MOST_ASKED = 100;
/** Clocks differ, and the sender notes a message before we do. */
const EARLIER_MS = MINUTE_MS;

/**
 * Asks about the messages that have reached one of these ages since the last time and have no report yet, at most a
 * hundred of them. Rejects as the sender rejects; the rest is asked about at the next age. If a phone cannot be read,
 * for example because somebody damaged its row, this rejects after all others were asked about.
 *
 * @returns how many reports were noted
 */
export async function pullReports(deps: PullDeps): Promise<number> {
  const { turns, clock, random } = deps;
  const now = clock.now();
  const holder = random.uuid(now);
  const last = (await turns.finishedAt(PULL)) ?? now - MINUTE_MS;
  const turn = { task: PULL, holder, until: now + TURN_MS, notSince: last };
  if (!(await turns.take(turn, now))) return 0;
  try {
    return await askAbout(deps, await reachedAges(deps, Math.max(last, now - LONGEST_GAP_MS), now));
  } finally {
    await turns.finish(PULL, holder, now);
  }
}

/** Grouped by phone: the answer for the oldest message of a phone includes all later ones. */
async function reachedAges(
  { receipts, sender }: PullDeps,
  last: number,
  now: number,
): Promise<readonly (readonly Unreported[])[]> {
  const byPhone = new Map<string, readonly Unreported[]>();
  for (const age of AGES_MS) {
    const left = MOST_ASKED - byPhone.size;
    if (left <= 0) break;
    const made = { from: last - age, to: now - age };
    for (const message of await receipts.unreported(sender, made, left)) {
      byPhone.set(message.phoneTag, [...(byPhone.get(message.phoneTag) ?? []), message]);
    }
  }
  return [...byPhone.values()];
}

async function askAbout(
  { vault, ask, note }: PullDeps,
  phones: readonly (readonly Unreported[])[],
): Promise<number> {
  const unreadable: unknown[] = [];
  let noted = 0;
  for (const messages of phones) {
    const phone = await phoneOf(vault, messages, unreadable);
    const since = Math.min(...messages.map(({ createdAt }) => createdAt)) - EARLIER_MS;
    if (phone) noted += await note(await ask(phone, since));
  }
  if (unreadable.length > 0) throw unreadable[0];
  return noted;
}

/** The phone from the first message that can be read: all messages are to the same phone. */
async function phoneOf(
  vault: PullDeps["vault"],
  messages: readonly Unreported[],
  unreadable: unknown[],
): Promise<Phone | undefined> {
  for (const { id, sealedPhone } of messages) {
    try {
      return await vault.open(sealedPhone, id);
    } catch (error) {
      // A store that cannot be reached would fail all of them.
      if (error instanceof UnavailableError) throw error;
      unreadable.push(error);
    }
  }
  return undefined;
}
