import { randomInt, randomUUID } from "node:crypto";
import { systemClock } from "../adapters/system/clock.ts";
import { deadlineIn } from "../adapters/system/deadline.ts";
import type { Config } from "../config.ts";
import { ALERT_KINDS } from "../core/alerts/kinds.ts";
import type { SendOutcome, SmsSender } from "../core/delivery/ports.ts";
import { composeText } from "../core/delivery/text.ts";
import { maskPhone, type Phone, parsePhone } from "../core/phone.ts";
import type { RefusalCode } from "../core/refusals.ts";
import type { Purpose } from "../core/verification/purpose.ts";
import { routeOf } from "./route.ts";

/** One real message, ready to go. */
export interface TestMessage {
  readonly sender: string;
  /** As it may be shown. */
  readonly to: string;
  send(): Promise<SentTest>;
}

export interface SentTest
  extends Pick<SendOutcome, "status" | "providerId" | "providerCode" | "requestId" | "fee"> {
  readonly tookMs: number;
  /** What the operator has to do something about. */
  readonly says?: string;
}

const DEADLINE_MS = 8_000;

/**
 * A test message for the first sender that the settings choose. Its code opens nothing, and it is not counted: it
 * passes no limit and leaves no record. The code is neither kept nor told.
 *
 * @returns what is wrong with the phone, or undefined where the sender is `console` and nothing real would go out
 */
export function testMessage(
  config: Config,
  phone: string,
  purpose: Purpose,
): TestMessage | RefusalCode | undefined {
  const parsed = parsePhone(phone, config.phone);
  if (!parsed.ok) return parsed.refusal.code;
  const sender = config.sender === "console" ? undefined : routeOf(config)[0];
  if (!sender) return undefined;
  const to = parsed.value;
  return { sender: sender.name, to: maskPhone(to), send: () => send(config, sender, to, purpose) };
}

async function send(config: Config, sender: SmsSender, to: Phone, purpose: Purpose): Promise<SentTest> {
  const { codeLength, ttlSeconds } = config.verification;
  const code = String(randomInt(10 ** codeLength)).padStart(codeLength, "0");
  const minutes = Math.ceil(ttlSeconds / 60);
  const { brandName, defaultLocale: locale } = config.pages;
  const text = composeText(purpose, locale, { code, minutes, brandName });
  const startedAt = systemClock.now();
  const message = { id: randomUUID(), to, purpose, locale, code, minutes, text };
  const deadline = deadlineIn(DEADLINE_MS);
  const { alert, status, providerId, providerCode, requestId, fee } = await sender
    .send(message, deadline)
    .finally(deadline.end);
  return {
    status,
    tookMs: systemClock.now() - startedAt,
    ...(providerId && { providerId }),
    ...(providerCode && { providerCode }),
    ...(requestId && { requestId }),
    ...(fee !== undefined && { fee }),
    ...(alert && { says: ALERT_KINDS[alert.kind].en }),
  };
}
