import { randomInt, randomUUID } from "node:crypto";
import { systemClock } from "../../adapters/system/clock.ts";
import type { Config } from "../../config.ts";
import { ALERT_KINDS } from "../../core/alerts/kinds.ts";
import type { MessageOutline, SendOutcome, SmsSender } from "../../core/delivery/ports.ts";
import { composeText } from "../../core/delivery/text.ts";
import { maskPhone, parsePhone } from "../../core/phone.ts";
import type { RefusalCode } from "../../core/refusals.ts";
import { parseTransaction } from "../../core/transaction.ts";
import type { Purpose } from "../../core/verification/purpose.ts";
import { routeOf, sendDeadline } from "../route.ts";

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
  /** A sentence that the operator has to act on. */
  readonly says?: string;
}

interface Outline extends MessageOutline {
  readonly purpose: Purpose;
}

/** A test never says that much is paid. */
const AMOUNT = "1";

/**
 * A test message for the sender of this name, or otherwise for the first that has a text for it. Its code opens
 * nothing. It is not counted: it passes no limit and leaves no record. The code is neither stored nor told. Throws if
 * no text is for this purpose, or if the settings choose no such sender.
 *
 * @returns what is wrong with the phone; undefined if the sender is `console`, so that nothing real would go out
 */
export function testMessage(
  config: Config,
  phone: string,
  { purpose, sender: wanted }: { readonly purpose: Purpose; readonly sender?: string },
): TestMessage | RefusalCode | undefined {
  const parsed = parsePhone(phone, config.phone);
  if (!parsed.ok) return parsed.refusal.code;
  const route = routeOf(config);
  if (route.length === 0) return undefined;
  const chosen = route.filter(({ name }) => name === (wanted ?? name));
  if (chosen.length === 0) throw new Error(`SMS_SENDER does not name \`${wanted}\``);
  const to = parsed.value;
  const outlines = outlinesOf(config, { to, purpose, locale: config.pages.defaultLocale });
  for (const sender of chosen) {
    const outline = outlines.find((one) => sender.carries?.(one) ?? true);
    if (outline) return { sender: sender.name, to: maskPhone(to), send: () => send(config, sender, outline) };
  }
  throw new Error(`the settings name no text that says \`${purpose}\` to this number`);
}

/**
 * The messages that could be sent. A payment is one to a payee that a text names, or one to us if the sender carries
 * every text.
 */
function outlinesOf({ tencent, protection, pages }: Config, outline: Outline): readonly Outline[] {
  if (outline.purpose !== "confirm_transaction") return [outline];
  const us = { currency: protection.prices.currency, payee: pages.brandName };
  return [...tencent.mainland.transactions, ...tencent.international.transactions, us].flatMap(
    ({ currency, payee }) => {
      const transaction = parseTransaction({ amount: AMOUNT, currency, payee });
      return transaction.ok ? [{ ...outline, transaction: transaction.value }] : [];
    },
  );
}

async function send(config: Config, sender: SmsSender, outline: Outline): Promise<SentTest> {
  const { codeLength, ttlSeconds } = config.verification;
  const code = String(randomInt(10 ** codeLength)).padStart(codeLength, "0");
  const minutes = Math.ceil(ttlSeconds / 60);
  const { purpose, locale, transaction } = outline;
  const parts = { code, minutes, brandName: config.pages.brandName, ...(transaction && { transaction }) };
  const text = composeText(purpose, locale, parts);
  const startedAt = systemClock.now();
  const message = { id: randomUUID(), ...outline, code, minutes, text };
  const deadline = sendDeadline();
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
