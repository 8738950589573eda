import { systemClock } from "../adapters/system/clock.ts";
import { deadlineIn } from "../adapters/system/deadline.ts";
import { createSmsClient, type TencentAccess, type TencentCredential } from "../adapters/tencent/client.ts";
import { createTencentSender } from "../adapters/tencent/sender.ts";
import { createWebhookSender } from "../adapters/webhook/sender.ts";
import type { SenderConfig } from "../config/parts/senders.ts";
import { type Config, roleCredential } from "../config.ts";
import type { Deadline, SmsSender } from "../core/delivery/ports.ts";
import type { Clock } from "../core/ports.ts";
import type { Platform } from "./platform.ts";

interface RouteParts {
  readonly clock?: Clock;
  readonly platform?: Platform;
}

/** Whether messages are kept for the development inbox instead of being sent. */
export function isConsole({ senders }: Pick<Config, "senders">): boolean {
  return senders.some(({ name }) => name === "console");
}

/** The real senders that the settings choose, in the order in which they are tried. */
export function routeOf({ senders }: Config, parts: RouteParts = {}): readonly SmsSender[] {
  return senders.flatMap((sender) => senderOf(sender, parts) ?? []);
}

function senderOf(
  sender: SenderConfig,
  { clock = systemClock, platform }: RouteParts,
): SmsSender | undefined {
  switch (sender.name) {
    case "console":
      // Made by the one server that shows what it keeps.
      return undefined;
    case "tencent": {
      const client = createSmsClient(tencentAccess(sender, platform));
      return createTencentSender({ client, settings: sender, clock });
    }
    case "webhook":
      return createWebhookSender(sender, clock);
  }
}

/** A start waits for its sender, and a person waits for the start. */
const SEND_DEADLINE_MS = 8_000;

/** Starts the time that a message has at one sender, out of the time that it has at all of them. */
export function sendDeadline(leftMs: number = SEND_DEADLINE_MS): Deadline {
  return deadlineIn(Math.min(leftMs, SEND_DEADLINE_MS));
}

/** The access with which the SMS API of Tencent Cloud is called. */
export function tencentAccess(tencent: Config["tencent"], platform: Platform = {}): TencentAccess {
  const { region, smsEndpoint, credential } = tencent;
  return {
    region,
    credential: () => credential ?? roleKeys(platform),
    ...(smsEndpoint && { endpoint: smsEndpoint }),
  };
}

/** Read again for every call: the platform replaces the keys while a function runs. */
function roleKeys(platform: Platform): TencentCredential {
  const keys = platform.roleCredential?.() ?? roleCredential();
  if (!keys) throw new Error("there is no key of Tencent Cloud, and no role that brings one");
  return keys;
}

/** `CODE_LENGTH` is above what a sender of the route carries. */
class CodeTooLongError extends Error {}

/** Throws `CodeTooLongError`. */
export function checkCodeLength({ verification }: Config, route: readonly SmsSender[]): void {
  const tooShort = route.find((sender) => sender.maxCodeLength < verification.codeLength);
  if (!tooShort) return;
  const { name, maxCodeLength } = tooShort;
  throw new CodeTooLongError(`CODE_LENGTH: the sender ${name} carries at most ${maxCodeLength} digits`);
}
