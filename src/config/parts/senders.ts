import type { Settings } from "../schema.ts";
import type { SenderName } from "./delivery.ts";
import { arrangeWebhookSender } from "./sms-webhook.ts";
import { arrangeTencentSender } from "./tencent.ts";

const ARRANGE = {
  console: () => ({ name: "console" }) as const,
  tencent: arrangeTencentSender,
  webhook: arrangeWebhookSender,
} satisfies { readonly [Name in SenderName]: (values: Settings) => { readonly name: Name } };

/** A sender that was chosen, by its name, with all that it needs. */
export type SenderConfig = ReturnType<(typeof ARRANGE)[SenderName]>;

/** In the order in which they are tried. */
export function arrangeSenders(values: Settings): readonly SenderConfig[] {
  return values.SMS_SENDER.map((name) => ARRANGE[name](values));
}
