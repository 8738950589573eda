import type { z } from "zod";
import { endpoint } from "../formats/addresses.ts";
import { filled, format, list } from "../formats/format.ts";
import { optional } from "../setting.ts";

/** An address of the operator's to which alerts or messages are posted. */
export interface WebhookConfig {
  readonly url: string;
  /** Keys of the signatures in base64, the current one first. */
  readonly secrets: readonly string[];
}

const PART = "Alerts";

/** The form in which Standard Webhooks writes a secret, so that its libraries accept it unchanged. */
const secret = format("24 to 64 bytes in base64", (text) => {
  const base64 = text.replace(/^whsec_/, "");
  const bytes = Buffer.from(base64, "base64");
  const isExact = bytes.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "");
  return isExact && bytes.length >= 24 && bytes.length <= 64 ? base64 : undefined;
});

export const webhookSecrets = filled(
  list(secret, "24 to 64 bytes in base64, with or without `whsec_` in front; several by commas"),
);

export const alertVariables = {
  ALERT_WEBHOOK: optional(endpoint, "none: alerts are only in the log", {
    part: PART,
    sentence:
      "Where alerts are posted when something needs you: no balance, an unapproved template, a wrong key. [Alerts](alerts.md) shows what arrives.",
  }),
  ALERT_WEBHOOK_SECRET: optional(webhookSecrets, "none; `ALERT_WEBHOOK` needs it", {
    part: PART,
    sentence:
      "Signs what is posted there. To rotate it, put a new one in front, and remove the old one once the receiver knows the new one. Make one with `openssl rand -base64 32`.",
  }),
};

type Values = z.output<z.ZodObject<typeof alertVariables>>;

export function arrangeAlerts(values: Values): WebhookConfig | undefined {
  const { ALERT_WEBHOOK: url, ALERT_WEBHOOK_SECRET: secrets } = values;
  return url && secrets ? { url, secrets } : undefined;
}
