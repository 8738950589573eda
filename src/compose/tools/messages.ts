import { reportInWords } from "../../adapters/tencent/reports.ts";
import type { Config } from "../../config.ts";
import type { Message } from "../../core/delivery/ports.ts";
import { numberOf } from "./numbers.ts";
import { openRecords } from "./records.ts";

export { reportInWords };

/** The record of the messages to one phone. It contains nothing of their texts. */
export interface PhoneRecord {
  /** Newest first. */
  readonly messages: readonly Message[];
  readonly replies: readonly { readonly at: number; readonly text: string }[];
  /** Whether the phone's holder wants no message that they did not ask for. */
  readonly isOptedOut: boolean;
}

const MOST = 20;

/** Looks up a phone; undefined if `written` is no phone that these settings accept. */
export async function recordOf(config: Config, written: string): Promise<PhoneRecord | undefined> {
  const phone = numberOf(config, written);
  if (!phone) return undefined;
  const { stores, vault, close } = await openRecords(config);
  try {
    const { receipts, replies } = stores;
    const tags = await vault.tags(phone);
    const kept = await replies.repliesOf(tags, MOST);
    const opened = kept.map(async ({ id, at, sealedText }) => ({
      at,
      text: await vault.openText(sealedText, id),
    }));
    return {
      messages: await receipts.messagesTo(tags, MOST),
      replies: await Promise.all(opened),
      isOptedOut: await replies.isOptedOut(tags),
    };
  } finally {
    await close();
  }
}
