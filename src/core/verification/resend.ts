import { deliver } from "../delivery/deliver.ts";
import { type Captcha, judgeChallenge } from "../protection/challenges.ts";
import { sendChecks } from "../protection/limits.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import type { Client } from "./client.ts";
import { type ClientIdempotency, refusedSend, type SendRefusal, type VerificationDeps } from "./deps.ts";
import { refuseHeld } from "./held.ts";
import { type HashedKey, hashIdempotencyKey, replay } from "./idempotency.ts";
import { messageFor } from "./message.ts";
import type { Verification } from "./ports.ts";
import { isLive, MAX_LIFE_MS, messageMember, type VerificationView, viewOf } from "./verification.ts";

export interface ResendInput {
  readonly id: string;
  readonly client: Client;
  readonly captcha?: Captcha;
  readonly idempotency?: ClientIdempotency;
}

/** Sends a verification's code again: the same code, with no new guesses. An ended or foreign one is `not_found`. */
export async function resendById(
  deps: VerificationDeps,
  input: ResendInput,
): Promise<Result<VerificationView, SendRefusal | "not_found">> {
  const verification = await deps.verifications.find(input.id);
  if (!verification || !mayUse(verification, input.client)) return refuse("not_found");
  const { phoneTag, purpose } = verification;
  // After a retag it is over, and a message under its old tag would be out of reach of erasure and of the limits.
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  if ((await deps.vault.tag(phone)) !== phoneTag) return refuse("not_found");
  const idempotency = hashIdempotencyKey(input.idempotency, phoneTag, purpose);
  const replayed = await replay(deps, idempotency);
  if (replayed) return replayed;
  if (!isLive(verification, deps.clock.now())) return refuse("not_found");
  return await resendVerification(deps, { ...input, verification, idempotency });
}

/** What the pages started, only the browser that started it may use (T25). */
export function mayUse(verification: Verification, client: Client): boolean {
  return verification.browser === undefined || verification.browser === client.browser;
}

interface Resend extends Pick<ResendInput, "client" | "captcha"> {
  readonly verification: Verification;
  readonly idempotency: HashedKey | undefined;
}

/**
 * Sends a live verification again. When the sender refuses, the verification stays: the message before may have
 * arrived, and its code still counts.
 */
export async function resendVerification(
  deps: VerificationDeps,
  { verification, client, captcha, idempotency }: Resend,
): Promise<Result<VerificationView, SendRefusal>> {
  const caller = { ...verification, ...client };
  const judged = await judgeChallenge(deps, caller, captcha, { isNew: false });
  if (!judged.ok) return judged;
  const now = deps.clock.now();
  const held = await refuseHeld(deps, verification.phoneTag, now);
  if (!held.ok) return held;
  const messages = verification.messages + 1;
  const member = messageMember(verification.id, messages);
  const checks = sendChecks(deps.settings.limits, { ...caller, standing: judged.value }, idempotency?.key);
  const taken = await deps.takeSend(verification.phoneTag, { member, checks }, now);
  if (!taken.ok) return refusedSend(deps, taken, checks, now);

  const expiresAt = Math.min(verification.createdAt + MAX_LIFE_MS, now + deps.settings.codeTtlMs);
  const next = { ...verification, messages, resendAt: taken.nextAt, expiresAt };
  if (!(await deps.verifications.resent(verification.id, next, now))) {
    await deps.limits.forget(
      checks.map((check) => check.key),
      [member],
    );
    return refuse("too_many_requests", { retryAfterSeconds: 1 });
  }
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  const { record, sms } = await messageFor(deps, next, phone, idempotency);
  const delivered = await deliver(deps, record, sms);
  return delivered.ok ? ok(viewOf(next, phone, now)) : delivered;
}
