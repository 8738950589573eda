import type { Message, SmsMessage } from "../delivery/ports.ts";
import { composeText } from "../delivery/text.ts";
import type { Phone } from "../phone.ts";
import { estimate } from "../protection/budgets/prices.ts";
import { messageMember } from "../protection/limits/members.ts";
import { MINUTE_MS } from "../time.ts";
import { type Transaction, transactionDigest } from "../transaction.ts";
import { alphabetOf, deriveCode, readableCode } from "./code.ts";
import type { VerificationDeps } from "./deps.ts";
import type { HashedKey } from "./idempotency.ts";
import type { Verification } from "./ports.ts";
import type { TestNumber } from "./test-numbers.ts";

/** What a message is composed of besides its verification. */
interface MessageParts {
  readonly phone: Phone;
  readonly testNumber: TestNumber | undefined;
  /** What the code confirms. */
  readonly transaction: Transaction | undefined;
  readonly idempotency: HashedKey | undefined;
}

/** Composes a verification's next message: the record that is kept of it, and what the sender gets. */
export async function messageFor(
  deps: VerificationDeps,
  verification: Verification,
  { phone, testNumber, transaction, idempotency }: MessageParts,
): Promise<{ readonly record: Message; readonly sms: SmsMessage }> {
  const now = deps.clock.now();
  const id = deps.random.uuid(now);
  const { purpose, locale, bucket, phoneTag, traffic, asked } = verification;
  const code = await codeOf(deps, { verification, testNumber }, transaction);
  const minutes = Math.max(1, Math.ceil((verification.expiresAt - now) / MINUTE_MS));
  const { codeLength, expiresAt, resendAt } = verification;
  const { brandName, host } = deps.settings;
  const content = { code, minutes, ...(transaction && { transaction }) };
  const text = composeText(purpose, locale, {
    readable: readableCode(code),
    brandName,
    ...content,
    ...(host && { host }),
  });
  return {
    record: {
      id,
      verificationId: verification.id,
      phoneTag,
      sealedPhone: await deps.vault.seal(phone, id),
      purpose,
      bucket,
      ...(traffic && { traffic }),
      ...(asked && { client: asked.client }),
      member: messageMember(verification.id, verification.messages),
      ...estimate(deps, traffic?.country ?? ""),
      status: "sending",
      createdAt: now,
      ...(idempotency && { idempotency: { ...idempotency, answer: { codeLength, expiresAt, resendAt } } }),
    },
    sms: { id, to: phone, purpose, locale, ...content, text },
  };
}

/**
 * The code of a verification: a test number's own code, otherwise derived anew. Rejects if the code key is gone; code
 * keys outlive every code.
 *
 * @param transaction what the code confirms; another transaction gives another code
 */
export async function codeOf(
  deps: Pick<VerificationDeps, "keyring">,
  { verification, testNumber }: { verification: Verification; testNumber: TestNumber | undefined },
  transaction?: Transaction,
): Promise<string> {
  if (testNumber) return testNumber.code;
  const key = await deps.keyring.find("code", verification.codeKeyId);
  if (!key) throw new Error(`code key ${verification.codeKeyId} is gone`);
  const { id: verificationId, purpose, codeLength } = verification;
  const subject = {
    verificationId,
    purpose,
    ...(transaction && { transaction: transactionDigest(transaction) }),
  };
  return deriveCode(key.material, subject, codeLength, alphabetOf(codeLength));
}
