import type { MessageStore, SentMessage } from "../delivery/ports.ts";
import type { Clock } from "../ports.ts";
import { messageKeys } from "./limits.ts";
import type { LimitStore } from "./ports.ts";

const DAY_MS = 86_400_000;
const PAGE = 1_000;

export interface RebuildDeps {
  readonly limits: LimitStore;
  readonly messages: MessageStore;
  readonly clock: Clock;
}

/** Makes sure that the limits know the day's messages to phones of this tag key. */
export type EnsureLimits = (phoneTag: string) => Promise<void>;

/**
 * A limit store that is new, was lost or counts under tags of an older key gets the last day's messages back from the
 * durable record before the first start is answered: no restart refills a budget (promise 2).
 */
export function createEnsureLimits(deps: RebuildDeps): EnsureLimits {
  let done: { epoch: string; rebuilt: Promise<void> } | undefined;
  return async (phoneTag) => {
    const epoch = phoneTag.slice(0, phoneTag.indexOf("."));
    if (done?.epoch !== epoch) done = { epoch, rebuilt: rebuild(deps, epoch) };
    const current = done;
    try {
      await current.rebuilt;
    } catch (error) {
      if (done === current) done = undefined;
      throw error;
    }
  };
}

async function rebuild(deps: RebuildDeps, epoch: string): Promise<void> {
  if (await deps.limits.seeded(epoch)) return;
  const since = deps.clock.now() - DAY_MS;
  const events: { key: string; member: string; at: number }[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await deps.messages.sentSince(since, { limit: PAGE, ...(after && { after }) });
    for (const message of page) events.push(...eventsOf(message));
    after = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  await deps.limits.seed(epoch, events);
}

function eventsOf(message: SentMessage): { key: string; member: string; at: number }[] {
  const keys = messageKeys(message.phoneTag, message.bucket, message.converted);
  return keys.map((key) => ({ key, member: message.id, at: message.createdAt }));
}
