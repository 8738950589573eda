import { createVerifier } from "../adapters/webhook/signature.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../core/ports.ts";
import type { HttpDeps } from "../http/context.ts";

/** What judges the posts of the service behind `SMS_WEBHOOK`: it may still tell of messages when another sender is chosen. */
export function webhookDoor({ smsWebhook }: Config, clock: Clock): Pick<HttpDeps, "isFromWebhook"> {
  return smsWebhook ? { isFromWebhook: createVerifier(smsWebhook, clock) } : {};
}
