import { isNoticeKind } from "../../delivery/notice-kinds.ts";
import type { RecordedMessage } from "../../delivery/receipt-ports.ts";
import type { Bucket, Limit, LimitStore } from "./ports.ts";
import { exemptCaller } from "./send-limit.ts";
import type { LimitSettings } from "./settings.ts";
import { messageKeys, tableLimits } from "./table.ts";

/** When a phone's own limits let the next message through, and which of them holds it until then. */
export interface NextSend {
  /** Not after now if it may be sent now. Epoch milliseconds. */
  readonly at: number;
  readonly heldBy?: string;
}

/**
 * Asks the table of limits about the next message to a phone, without counting it. An empty store is given what the
 * durable record says was sent, as a store that lost its data is. Limits that many phones share are not asked.
 *
 * @param scratch an empty limit store, for this question only
 * @param messages to this phone, newest first
 */
export async function nextSend(
  scratch: Pick<LimitStore, "seed" | "take">,
  settings: LimitSettings,
  { phoneTag, bucket, messages }: PhoneAsked,
  now: number,
): Promise<NextSend> {
  const asked = messages.filter(({ purpose }) => !isNoticeKind(purpose));
  const events = asked.toReversed().flatMap(({ id, member = id, createdAt: at, ...message }) => {
    const keys = messageKeys(phoneTag, message.bucket, message.converted);
    return keys.map((key) => ({ key, member, at }));
  });
  await scratch.seed("record", [{ events }]);
  const caller = exemptCaller({ phoneTag, bucket, traffic: { country: "", prefixTag: "" } });
  const own = tableLimits(settings, caller, () => undefined).filter(({ isShared }) => !isShared);
  let next: NextSend = { at: now };
  for (const limit of own) {
    const taken = await scratch.take({ member: "next", limits: [limit, NEVER] }, now);
    if (!taken.ok && taken.retryAt > next.at) next = { at: taken.retryAt, heldBy: limit.name };
  }
  return next;
}

/** Lets nothing through, so that a take with it counts nothing. */
const NEVER: Limit = { name: "never", key: "never", windows: [{ max: 0, windowMs: 1 }], untold: true };

/** The phone that is asked about, and whether for a stranger or a known device. */
interface PhoneAsked {
  readonly phoneTag: string;
  readonly bucket: Bucket;
  readonly messages: readonly RecordedMessage[];
}
