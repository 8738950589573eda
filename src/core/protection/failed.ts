import type { Message } from "../delivery/ports.ts";
import { guardKeys } from "./guard.ts";
import type { LimitStore } from "./ports.ts";

/** A message, as far as the guard counted it. */
export type GuardedMessage = Pick<Message, "id" | "bucket" | "traffic" | "member">;

/** Takes a message that reached nobody out of what the guard counts. Doing it twice is doing it once. */
export type ForgetFailed = (message: GuardedMessage) => Promise<void>;

/**
 * What the carrier could not deliver speaks against nobody: an outage of a carrier would block its customers else. The
 * sends to the phone itself and the money stay counted.
 */
export function createForgetFailed(limits: Pick<LimitStore, "forget">): ForgetFailed {
  return async ({ id, bucket, traffic, member = id }) => {
    if (bucket === "stranger" && traffic) await limits.forget(guardKeys(traffic), [member]);
  };
}
