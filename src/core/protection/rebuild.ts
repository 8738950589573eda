import type { MessageStore, SentMessage } from "../delivery/ports.ts";
import type { Clock } from "../ports.ts";
import { type LimitSettings, messageKeys } from "./limits.ts";
import type { LimitEvent, LimitStore, TakeRequest, TakeResult } from "./ports.ts";

const DAY_MS = 86_400_000;
const PAGE = 1_000;

export interface RebuildDeps {
  readonly limits: LimitStore;
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly settings: { readonly limits: Pick<LimitSettings, "phoneSends"> };
}

/** Takes from limits that know the messages which were sent to phones of this tag key. */
export type TakeSend = (phoneTag: string, request: TakeRequest, now: number) => Promise<TakeResult>;

/**
 * A limit store that is new, was lost or counts under tags of an older key gets the messages of its longest window, of
 * a day at least, back from the durable record before anything is counted: no restart of it refills a budget
 * (promise 2). Whether it has them is judged in the very step that counts, so a store that is lost at any moment, while
 * this process runs on, is noticed by the next start.
 */
export function createTakeSend(deps: RebuildDeps): TakeSend {
  let rebuilding: Promise<void> | undefined;
  return async (phoneTag, request, now) => {
    const epoch = phoneTag.slice(0, phoneTag.indexOf("."));
    const taken = await deps.limits.take({ ...request, epoch }, now);
    if (taken.ok || taken.refusedBy !== "unseeded") return taken;
    rebuilding ??= rebuild(deps, epoch).finally(() => {
      rebuilding = undefined;
    });
    await rebuilding;
    return await deps.limits.take({ ...request, epoch }, now);
  };
}

async function rebuild(deps: RebuildDeps, epoch: string): Promise<void> {
  if (await deps.limits.seeded(epoch)) return;
  const windows = deps.settings.limits.phoneSends.map(({ windowMs }) => windowMs);
  const since = deps.clock.now() - Math.max(DAY_MS, ...windows);
  const events: LimitEvent[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await deps.messages.sentSince(since, { limit: PAGE, ...(after && { after }) });
    for (const message of page) events.push(...eventsOf(message));
    after = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  await deps.limits.seed(epoch, events);
}

function eventsOf(message: SentMessage): LimitEvent[] {
  const keys = messageKeys(message.phoneTag, message.bucket, message.converted);
  return keys.map((key) => ({ key, member: message.id, at: message.createdAt }));
}
