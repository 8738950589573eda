import type { SmsMessage, SmsSender } from "../../core/delivery/ports.ts";
import type { Clock } from "../../core/ports.ts";

/** A message as the development inbox keeps it. */
export interface KeptMessage {
  readonly to: string;
  readonly text: string;
  readonly purpose: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

const MOST_KEPT = 500;

/**
 * The sender of development: it sends nothing and prints nothing. The last messages stay in this process for the
 * development inbox.
 */
export function createConsoleSender({ clock }: { readonly clock: Clock }): SmsSender & {
  messages(): readonly KeptMessage[];
} {
  const kept: KeptMessage[] = [];
  return {
    name: "console",
    maxCodeLength: 8,
    resendFloorSeconds: 0,
    async send({ to, text, purpose }: SmsMessage) {
      kept.unshift({ to, text, purpose, sentAt: clock.now() });
      kept.length = Math.min(kept.length, MOST_KEPT);
      return { status: "accepted" };
    },
    messages: () => [...kept],
  };
}
