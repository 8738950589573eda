import { isNoticeKind } from "../delivery/notice-kinds.ts";
import { isUnsent, type SentMessage, type SmsSender } from "../delivery/ports.ts";
import type { Clock } from "../ports.ts";
import { UnavailableError } from "../refusals.ts";
import type { VerificationStore } from "../verification/ports.ts";
import { firstSender, priceOf } from "./budgets/prices.ts";
import { shareLimits } from "./budgets/shares.ts";
import { backendSums, budgetsOf } from "./budgets/spend.ts";
import { guardKeys, guardLimits } from "./guard/guard.ts";
import type { Learned } from "./guard/learned.ts";
import { lookbackMs } from "./limits/backoff.ts";
import { LATE_MS, LEASE_MS, leaseMember } from "./limits/members.ts";
import type { Limit, LimitEvent, Lost, LostLease, Sum } from "./limits/ports.ts";
import { exemptCaller, type LimitCaller } from "./limits/send-limit.ts";
import { LONGEST_BACKEND_MS } from "./limits/settings.ts";
import { slotAt, sumKey } from "./limits/sums.ts";
import { LIMIT_KEYS, messageKeys, tableLimits } from "./limits/table.ts";
import { noticeLimit } from "./notices.ts";
import type { ProtectionSettings } from "./sends.ts";

const LOOKED_UP_AT_ONCE = 20;

export interface LostDeps {
  readonly verifications: Pick<VerificationStore, "find">;
  readonly clock: Clock;
  /** A message without an outcome is counted for the first sender. */
  readonly route: readonly Pick<SmsSender, "name">[];
  /** Told of a verification that cannot be read, for the log. */
  readonly onUnreadable: (error: unknown) => void;
  readonly settings: ProtectionSettings & {
    /** The most guesses that a verification gets. */
    readonly codeAttempts: number;
  };
}

/**
 * Makes the function that tells for each page of messages what they were counted as. Totals of sums and parts go on
 * from page to page, so the pages must come one after another.
 *
 * @param now epoch milliseconds; what no longer counts by then is left out
 */
export function createLost(
  deps: LostDeps,
  learned: Learned,
  now: number,
): (page: readonly SentMessage[]) => Promise<Lost> {
  const eventsOf = createEventsOf(deps, learned, now);
  const sumsOf = createSumsOf(deps);
  return async (page) => ({
    events: page.flatMap(eventsOf),
    leases: await leasesOf(deps, page, now),
    sums: sumsOf(page),
  });
}

function createEventsOf(deps: LostDeps, learned: Learned, now: number) {
  const parts = new Map<string, number>();

  /**
   * Whether the part of the whole that the message belongs to still has room. A full part does not count further
   * messages.
   */
  function hasRoom({ part }: Limit): boolean {
    if (!part) return true;
    const counted = parts.get(part.key) ?? 0;
    parts.set(part.key, counted + 1);
    return counted < part.max;
  }

  return (message: SentMessage): LimitEvent[] => {
    const { id, member = id, createdAt: at } = message;
    const limits = countedLimits(deps, message, learned).filter((limit) => at > now - lookbackMs(limit));
    const keys = new Set<string>();
    for (const { key, part } of limits.filter(hasRoom)) {
      keys.add(key);
      if (part) keys.add(part.key);
    }
    if (!message.traffic) {
      for (const key of messageKeys(message.phoneTag, message.bucket, message.converted)) keys.add(key);
    }
    return [...keys].map((key) => ({ key, member, at }));
  };
}

/** The limits that the message still counts on: once approved or failed, it is no longer unconverted. */
function countedLimits(deps: LostDeps, message: SentMessage, learned: Learned): Limit[] {
  const { settings } = deps;
  const { sender = firstSender(deps) } = message;
  const { phoneTag, bucket, traffic, client, converted, status } = message;
  if (isNoticeKind(message.purpose)) return [noticeLimit(phoneTag, message.purpose)];
  if (!traffic) return [];
  const caller: LimitCaller = {
    ...exemptCaller({ phoneTag, bucket, traffic }),
    // Its real windows do not matter here: only a take looks at them.
    ...(client && { backend: { client, sends: [{ max: 1, windowMs: LONGEST_BACKEND_MS }], spend: {} } }),
  };
  const limits = [
    ...tableLimits(settings.limits, caller, learned),
    ...guardLimits(settings.guard.mode, caller, learned),
    // The record does not say which messages a share paid for. So all of the network's messages count, and it never
    // gets more.
    ...shareLimits(
      settings.money,
      caller,
      { price: priceOf(settings.money.prices, sender, traffic.country) },
      learned,
    ),
  ];
  const gone = new Set([
    ...(converted ? [LIMIT_KEYS.unconverted(phoneTag, bucket)] : []),
    ...(converted || status === "failed" || isUnsent(status) ? guardKeys(traffic) : []),
  ]);
  return limits.filter(({ key }) => !gone.has(key));
}

/** Looks up a few at a time, since sign-ins need the same store meanwhile. */
async function leasesOf(deps: LostDeps, page: readonly SentMessage[], now: number): Promise<LostLease[]> {
  const firsts = page.filter(
    ({ verificationId, member, converted, createdAt }) =>
      !converted && member === leaseMember(verificationId) && createdAt > now - LEASE_MS,
  );
  const leases: LostLease[] = [];
  for (let from = 0; from < firsts.length; from += LOOKED_UP_AT_ONCE) {
    const some = firsts.slice(from, from + LOOKED_UP_AT_ONCE);
    const found = await Promise.all(some.map((message) => leaseOf(deps, message)));
    leases.push(...found.flat());
  }
  return leases;
}

/**
 * The lease of a verification that outlived the limits, as on another node of a cluster: all of its guesses. Guesses
 * that went to the ledger count twice until the lease ends. If all guesses were made, the lease ends once the last must
 * be in the ledger.
 */
async function leaseOf(deps: LostDeps, message: SentMessage): Promise<LostLease[]> {
  const { verificationId, phoneTag, bucket, createdAt } = message;
  const guesses = await guessesOf(deps, verificationId, phoneTag);
  if (!guesses) return [];
  const { attemptsUsed, attemptsAllowed: amount } = guesses;
  const endsAt = attemptsUsed < amount ? Number.POSITIVE_INFINITY : deps.clock.now() + LATE_MS;
  const key = LIMIT_KEYS.guesses(phoneTag, bucket);
  const member = leaseMember(verificationId);
  return [{ key, member, amount, expiresAt: Math.min(createdAt + LEASE_MS, endsAt) }];
}

/**
 * How many guesses a live verification has. One that cannot be read must not hold up all starts, so it counts with the
 * most guesses.
 */
async function guessesOf(deps: LostDeps, verificationId: string, phoneTag: string) {
  try {
    const verification = await deps.verifications.find(verificationId);
    // A verification that was started under an older tag is over.
    return verification?.outcome === "open" && verification.phoneTag === phoneTag ? verification : undefined;
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    deps.onUnreadable(error);
    return { attemptsUsed: 0, attemptsAllowed: deps.settings.codeAttempts };
  }
}

function createSumsOf(deps: LostDeps) {
  const sums = new Map<string, Sum>();

  /** Returns the slots that the message is counted in. */
  function addSums({ price, traffic, client, sender, createdAt: at }: SentMessage): readonly string[] {
    if (price === 0) return [];
    const budgets: readonly Pick<Sum, "key" | "windowMs">[] = [
      ...budgetsOf(deps.settings.money, sender ?? firstSender(deps), traffic?.country ?? ""),
      ...(client ? backendSums(client) : []),
    ];
    return budgets.map(({ key, windowMs }) => {
      const slot = `${sumKey({ key, windowMs })}/${slotAt(at, windowMs)}`;
      const amount = price + (sums.get(slot)?.amount ?? 0);
      sums.set(slot, { key, windowMs, at, amount });
      return slot;
    });
  }

  return (page: readonly SentMessage[]): Sum[] => {
    const slots = new Set(page.flatMap(addSums));
    return [...slots].flatMap((slot) => sums.get(slot) ?? []);
  };
}
