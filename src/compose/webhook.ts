import { createVerifier } from "../adapters/webhook/signature.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../core/ports.ts";
import type { HttpDeps } from "../http/context.ts";

/**
 * Judges the posts of the service behind `SMS_WEBHOOK`. It may still report on messages after another sender was
 * chosen.
 */
export function webhookDoor({ smsWebhook }: Config, clock: Clock): Pick<HttpDeps, "isFromWebhook"> {
  return smsWebhook ? { isFromWebhook: createVerifier(smsWebhook, clock) } : {};
}
