import type { ReceiptDeps } from "../../delivery/receipts.ts";
import type { LimitStore } from "../limits/ports.ts";
import { guardKeys } from "./guard.ts";

/**
 * Makes the function that takes an undelivered message out of the guard's counts; safe to repeat. A message that a
 * carrier could not deliver speaks against nobody. Otherwise a carrier's outage would block its customers. The message
 * still counts as a message to its phone, and as money spent.
 */
export function createForgetFailed(limits: Pick<LimitStore, "forget">): ReceiptDeps["forgetFailed"] {
  return async ({ id, bucket, traffic, member = id }) => {
    if (bucket === "stranger" && traffic) await limits.forget(guardKeys(traffic), [member]);
  };
}
