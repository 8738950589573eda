import { z } from "zod";
import { accountVariables } from "./parts/accounts.ts";
import { alertVariables } from "./parts/alerts.ts";
import { challengeVariables } from "./parts/challenges.ts";
import { deliveryVariables } from "./parts/delivery.ts";
import { functionsVariables } from "./parts/functions.ts";
import { lifeVariables } from "./parts/life.ts";
import { limitVariables } from "./parts/limits.ts";
import { metricsVariables } from "./parts/metrics.ts";
import { pageVariables } from "./parts/pages.ts";
import { protectionVariables } from "./parts/protection.ts";
import { retentionVariables } from "./parts/retention.ts";
import { scfVariables } from "./parts/scf.ts";
import { serverVariables } from "./parts/server.ts";
import { sessionVariables } from "./parts/sessions.ts";
import { smsWebhookVariables } from "./parts/sms-webhook.ts";
import { storeVariables } from "./parts/stores.ts";
import { tencentVariables } from "./parts/tencent.ts";
import { testNumberVariables } from "./parts/test-numbers.ts";
import { verificationVariables } from "./parts/verification.ts";

/** Every variable that Phonekey reads. All are texts; blank ones count as not set. */
export const settingsSchema = z.object({
  ...serverVariables,
  ...storeVariables,
  ...deliveryVariables,
  ...smsWebhookVariables,
  ...tencentVariables,
  ...alertVariables,
  ...metricsVariables,
  ...verificationVariables,
  ...testNumberVariables,
  ...limitVariables,
  ...challengeVariables,
  ...protectionVariables,
  ...accountVariables,
  ...sessionVariables,
  ...lifeVariables,
  ...retentionVariables,
  ...functionsVariables,
  ...pageVariables,
  ...scfVariables,
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** The variables that are set, trimmed. */
export type Texts = Partial<Record<SettingName, string>>;

/** What is wrong with one variable. Neither part holds the value of any variable. */
export interface Problem {
  readonly name: SettingName;
  readonly message: string;
}
