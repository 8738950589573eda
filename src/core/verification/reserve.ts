import { type Allowance, allowance, LEDGER_READ_MS } from "../protection/budgets/ledger.ts";
import { captchaRequired } from "../protection/challenges/judge.ts";
import { tooMany } from "../protection/limits/count-event.ts";
import { LEASE_MS, leaseMember } from "../protection/limits/members.ts";
import type { Lease } from "../protection/limits/ports.ts";
import type { LimitCaller, SendLimit } from "../protection/limits/send-limit.ts";
import { LIMIT_KEYS } from "../protection/limits/table.ts";
import { takeBack } from "../protection/sends.ts";
import { ok, type Result } from "../refusals.ts";
import { countSend, type TakeRefusal } from "./count-send.ts";
import type { Granted, NewVerification } from "./create.ts";
import type { VerificationDeps } from "./deps.ts";

/**
 * Counts the send and sets guesses aside, or refuses and changes nothing.
 *
 * The ledger is read before the take, so both can miss a wrong guess that moves between the two: it has left its lease
 * before the take looks, and entered the ledger after the read. Unless the store knows that none did (`steady`), the
 * ledger is read again after the take, and the guesses that it lost in between are not granted. If none is left, all is
 * taken back and tried again. Each round takes another wrong guess, and of those there are few.
 */
export async function reserve(
  deps: VerificationDeps,
  input: NewVerification,
  id: string,
  now: number,
): Promise<Result<Granted, TakeRefusal>> {
  const before = await readAllowance(deps, input, now);
  const refused = refusedByLedger(deps, input.caller, before, now);
  if (refused) return refused;
  const member = leaseMember(id);
  const lease = leaseFor(deps, input.caller, before.cap, now);
  const take = (limits: readonly SendLimit[]) =>
    deps.takeSend(input.caller.phoneTag, { limits, member, lease }, now);
  const counted = await countSend(deps, input, take, now);
  if (!counted.ok) return counted;
  const { taken, limits } = counted.value;

  const after = taken.steady ? before : await readAllowance(deps, input, now);
  const lost = after.codeLength === before.codeLength ? before.cap - after.cap : taken.leased;
  const attempts = taken.leased - Math.max(0, lost);
  const uncount = () => takeBack(deps.limits, { limits, member }, now);
  if (attempts >= 1 && !isToBeChallenged(input.caller, after)) {
    if (lost > 0) await deps.limits.release(lease.key, member, lost);
    return ok({ codeLength: after.codeLength, attempts, resendAt: taken.nextAt, takeBack: uncount });
  }
  await uncount();
  await deps.limits.release(lease.key, member, "all");
  return await reserve(deps, input, id, now);
}

/** What the ledger refuses before anything counts. A challenge is asked for only if there is a guess to grant. */
function refusedByLedger(
  { challenges, onDecision }: VerificationDeps,
  caller: LimitCaller,
  allowed: Allowance,
  now: number,
): Result<never, TakeRefusal> | undefined {
  const { bucket, traffic } = caller;
  const judged = { by: "ledger", exceeded: [], bucket, country: traffic.country };
  if (allowed.cap < 1) {
    onDecision({ ...judged, decision: "deny" });
    return tooMany(allowed.freeAt, now);
  }
  if (!challenges || !isToBeChallenged(caller, allowed)) return undefined;
  onDecision({ ...judged, decision: "challenge" });
  return captchaRequired(challenges);
}

/** Whether the ledger asks this caller for a challenge; known devices and callers who cannot solve one are exempt. */
function isToBeChallenged({ standing }: LimitCaller, { asksCaptcha }: Allowance): boolean {
  return asksCaptcha && standing.name === "unsolved";
}

async function readAllowance(
  deps: VerificationDeps,
  { phoneTags, caller }: NewVerification,
  now: number,
): Promise<Allowance> {
  const wrong = await deps.ledger.read(phoneTags, caller.bucket, now - LEDGER_READ_MS);
  return allowance(wrong, deps.settings.codeLengths, now);
}

function leaseFor(
  { settings }: VerificationDeps,
  { phoneTag, bucket }: LimitCaller,
  cap: number,
  now: number,
): Lease {
  const key = LIMIT_KEYS.guesses(phoneTag, bucket);
  return { key, wanted: settings.codeAttempts, cap, expiresAt: now + LEASE_MS };
}
