import type { z } from "zod";
import { endpoint } from "../formats/addresses.ts";
import { optional, required } from "../setting.ts";
import { type WebhookConfig, webhookSecrets } from "./alerts.ts";

const PART = "Messages and phone numbers";
const NEEDED = "none; the sender `webhook` needs it";

export const smsWebhookVariables = {
  SMS_WEBHOOK: optional(endpoint, NEEDED, {
    part: PART,
    sentence:
      "Where the sender `webhook` posts messages, for your provider to send. [What sends the SMS](senders.md#an-address-of-your-own) shows what arrives and what to answer.",
  }),
  SMS_WEBHOOK_SECRET: optional(webhookSecrets, NEEDED, {
    part: PART,
    sentence:
      "Signs what is posted there, and what your service posts back to `PUBLIC_URL/callbacks/webhook`. To rotate it, put a new one in front, and remove the old one once your service has the new one. Make one with `openssl rand -base64 32`.",
  }),
};

type Values = z.output<z.ZodObject<typeof smsWebhookVariables>>;

interface WebhookSenderConfig extends WebhookConfig {
  readonly name: "webhook";
}

export function arrangeWebhookSender(values: Values): WebhookSenderConfig {
  return { name: "webhook", ...required(arrangeSmsWebhook(values)) };
}

export function arrangeSmsWebhook({
  SMS_WEBHOOK: url,
  SMS_WEBHOOK_SECRET: secrets,
}: Values): WebhookConfig | undefined {
  return url && secrets ? { url, secrets } : undefined;
}
