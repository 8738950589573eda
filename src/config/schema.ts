import { z } from "zod";
import { deliveryVariables } from "./parts/delivery.ts";
import { limitVariables } from "./parts/limits.ts";
import { pageVariables } from "./parts/pages.ts";
import { retentionVariables } from "./parts/retention.ts";
import { serverVariables } from "./parts/server.ts";
import { sessionVariables } from "./parts/sessions.ts";
import { storeVariables } from "./parts/stores.ts";
import { verificationVariables } from "./parts/verification.ts";

/** Every variable that Phonekey reads. All are texts; blank ones count as not set. */
export function settingsSchema(senders: readonly string[]) {
  return z.object({
    ...serverVariables,
    ...storeVariables,
    ...deliveryVariables(senders),
    ...verificationVariables,
    ...limitVariables,
    ...sessionVariables,
    ...retentionVariables,
    ...pageVariables,
  });
}

export type Settings = z.output<ReturnType<typeof settingsSchema>>;
export type SettingName = keyof Settings;
