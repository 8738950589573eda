import type { ReceiptDeps } from "../delivery/receipts.ts";
import { guardKeys } from "./guard.ts";
import type { LimitStore } from "./ports.ts";

/**
 * Takes a message that reached nobody out of what the guard counts; doing it twice is doing it once. What a carrier could
 * not deliver speaks against nobody: its outage would block its customers else. The sends to the phone itself and the
 * money stay counted.
 */
export function createForgetFailed(limits: Pick<LimitStore, "forget">): ReceiptDeps["forgetFailed"] {
  return async ({ id, bucket, traffic, member = id }) => {
    if (bucket === "stranger" && traffic) await limits.forget(guardKeys(traffic), [member]);
  };
}
