import type { Backend } from "../backend/api-key.ts";
import { type DeliveryRefusal, deliver } from "../delivery/deliver.ts";
import { isNoticeKind } from "../delivery/notice-kinds.ts";
import type { Phone } from "../phone.ts";
import type { ChallengeRefusal } from "../protection/challenges/judge.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { guardKeys } from "../protection/guard/guard.ts";
import { messageMember } from "../protection/limits/members.ts";
import type { LimitCaller, SendLimit } from "../protection/limits/send-limit.ts";
import { takeBack } from "../protection/sends.ts";
import { trafficOf } from "../protection/traffic.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { readAsk } from "./ask.ts";
import { judgeCaller, type UnjudgedCaller } from "./caller.ts";
import type { Client } from "./client.ts";
import { countSend } from "./count-send.ts";
import type { VerificationDeps } from "./deps.ts";
import {
  type ClientIdempotency,
  type HashedKey,
  hashIdempotencyKey,
  type IdempotencyRefusal,
  replay,
} from "./idempotency.ts";
import { messageFor } from "./message.ts";
import { refuseOnHold } from "./on-hold.ts";
import type { Verification } from "./ports.ts";
import { routeFor } from "./route.ts";
import { currentPhone, isLive, mayUse, mostLifeMs, type VerificationView, viewOf } from "./verification.ts";

export interface ResendInput {
  readonly id: string;
  readonly client: Client;
  readonly captcha?: Captcha | undefined;
  readonly idempotency?: ClientIdempotency | undefined;
  /** The backend that asks for the message with its API key. */
  readonly shownBy?: Pick<Backend, "client"> | undefined;
}

/** The refusals of a message that is to be counted and sent. */
export type SendRefusal = DeliveryRefusal | IdempotencyRefusal | ChallengeRefusal;

/**
 * Sends a verification's code again: the same code, with no new guesses. Refused with `not_found` if the verification
 * has ended, belongs to another browser, or was started by a backend that has no live key any more.
 */
export async function resendById(
  deps: VerificationDeps,
  input: ResendInput,
): Promise<Result<VerificationView, SendRefusal | "not_found">> {
  const verification = await deps.verifications.find(input.id);
  return verification ? await resendFound(deps, verification, input) : await replayForgotten(deps, input);
}

/** Does what `resendById` does, for a verification that was just looked up. */
export async function resendFound(
  deps: VerificationDeps,
  verification: Verification,
  input: Omit<ResendInput, "id">,
): Promise<Result<VerificationView, SendRefusal | "not_found">> {
  if (!mayUse(verification, input.client)) return refuse("not_found");
  const { phoneTag, purpose } = verification;
  // Neither erasure nor limits would find a message under the phone's old tag.
  if (!(await currentPhone(deps.vault, verification))) return refuse("not_found");
  const idempotency = hashIdempotencyKey(input.idempotency, phoneTag, purpose, verification.asked?.client);
  const replayed = await replay(deps, idempotency);
  if (replayed) return replayed;
  if (!isLive(verification, deps.clock.now())) return refuse("not_found");
  const { asked } = verification;
  const backend = asked && (await deps.apiKeys.findLive(asked.client, deps.clock.now()));
  // An operator who ended the keys of a backend wants no more messages in its name.
  if (asked && !backend) return refuse("not_found");
  // The backend has no person at hand to solve a challenge. Anybody else who knows the id is asked for one.
  const isByBackend = asked !== undefined && input.shownBy?.client === asked.client;
  const client = isByBackend ? { ...input.client, solves: [] } : input.client;
  const { captcha } = input;
  return await resendVerification(deps, { client, captcha, backend, verification, idempotency });
}

/**
 * Repeats the answer to an earlier request with this key. The answer is kept with the message, which outlives the
 * verification.
 */
async function replayForgotten(
  deps: VerificationDeps,
  { id, idempotency }: ResendInput,
): Promise<Result<VerificationView, SendRefusal | "not_found">> {
  const sent = idempotency && (await deps.messages.findOf(id));
  if (!sent || isNoticeKind(sent.purpose)) return refuse("not_found");
  const { phoneTag, purpose, client } = sent;
  return (
    (await replay(deps, hashIdempotencyKey(idempotency, phoneTag, purpose, client))) ?? refuse("not_found")
  );
}

interface Resend extends Pick<UnjudgedCaller, "client" | "captcha" | "backend"> {
  readonly verification: Verification;
  readonly idempotency: HashedKey | undefined;
}

/**
 * Sends a live verification again. If the sender refuses, the verification stays live: an earlier message may have
 * arrived, and its code still counts.
 *
 * @param installed holds the whole route; only the senders that have a text for this message are used
 */
export async function resendVerification(
  installed: VerificationDeps,
  resend: Resend,
): Promise<Result<VerificationView, SendRefusal>> {
  const { verification, idempotency } = resend;
  const { purpose, locale } = verification;
  const phone = await installed.vault.open(verification.sealedPhone, verification.id);
  const { transaction } = await readAsk(installed.vault, verification);
  const message = { to: phone, purpose, locale, ...(transaction && { transaction }) };
  const routed = routeFor(installed, message);
  // A sender had such a text at the start; the operator has removed that sender since.
  if (!routed.ok) return refuse("sms_unavailable", { retryAfterSeconds: 30 });
  const { deps, testNumber } = routed.value;
  const caller = await judgeCaller(deps, await callerOf(deps, resend, phone), { isNew: false });
  if (!caller.ok) return caller;
  const now = deps.clock.now();
  const hold = await refuseOnHold(deps, verification.phoneTag, now);
  if (!hold.ok) return hold;
  const counted = await countNext(deps, verification, { caller: caller.value, idempotency }, now);
  if (!counted.ok) return counted;
  const { taken, limits, messages, member } = counted.value;

  const expiresAt = nextExpiresAt(deps, verification, now);
  const next = { ...verification, messages, resendAt: taken.nextAt, expiresAt };
  if (!(await deps.verifications.resent(verification.id, next, now))) {
    await takeBack(deps.limits, { limits, member }, now);
    return refuse("too_many_requests", { retryAfterSeconds: 1 });
  }
  const { record, sms } = await messageFor(deps, next, { phone, testNumber, transaction, idempotency });
  const delivered = await deliver(deps, record, sms);
  if (delivered.ok) return ok(viewOf(next, phone, now));
  if (delivered.refusal.code === "idempotency_in_progress")
    await takeBack(deps.limits, { limits, member }, now);
  else await deps.limits.forget(guardKeys(caller.value.traffic), [member]);
  return delivered;
}

/**
 * Counts the verification's next message. If a message was counted but not noted, the store of verifications failed
 * between the two, and the message was never sent. Then the next number is taken.
 */
async function countNext(
  deps: VerificationDeps,
  { id, messages: noted }: Verification,
  send: Pick<Resend, "idempotency"> & { readonly caller: LimitCaller },
  now: number,
) {
  let messages = noted + 1;
  const take = async (limits: readonly SendLimit[]) => {
    for (; ; messages += 1) {
      const member = messageMember(id, messages);
      const taken = await deps.takeSend(send.caller.phoneTag, { limits, member }, now);
      if (taken.ok || !taken.isCounted) return taken;
    }
  };
  const counted = await countSend(deps, send, take, now);
  return counted.ok ? ok({ ...counted.value, messages, member: messageMember(id, messages) }) : counted;
}

/** Who asks for the message. It counts under the traffic of the start, so that an approval takes all of it back. */
async function callerOf(
  deps: VerificationDeps,
  { verification, client, captcha, backend }: Resend,
  phone: Phone,
): Promise<UnjudgedCaller> {
  const { phoneTag, purpose, bucket, holder } = verification;
  const traffic = verification.traffic ?? (await trafficOf(deps, phone, client.addressKey));
  return { client, captcha, phone, purpose, phoneTag, bucket, holder, traffic, backend };
}

/**
 * When the code expires after a resend: `CODE_TTL_SECONDS` from now, but no later than the purpose allows, measured
 * from the start.
 */
function nextExpiresAt(
  { settings }: VerificationDeps,
  { createdAt, purpose }: Verification,
  now: number,
): number {
  return Math.min(createdAt + mostLifeMs(purpose), now + settings.codeTtlMs);
}
