import type { MessageStore, SentMessage } from "../delivery/ports.ts";
import { tagKeyIdOf } from "../keys.ts";
import { UnavailableError } from "../refusals.ts";
import type { Learned } from "./guard/learned.ts";
import type { LimitStore, Lost, TakeRequest, TakeResult } from "./limits/ports.ts";
import { longestWindowMs } from "./limits/settings.ts";
import { createLost, type LostDeps } from "./lost.ts";

const PAGE = 1_000;

export interface RebuildDeps extends LostDeps {
  readonly limits: LimitStore;
  readonly messages: MessageStore;
  readonly learned: () => Promise<Learned>;
}

/**
 * Counts a send, as `LimitStore.take` does, against limits that know of all messages sent so far. Rejects with
 * `UnavailableError` if the store loses its data again while it is given them back.
 */
export type TakeSend = (phoneTag: string, request: TakeRequest, now: number) => Promise<TakeResult>;

/**
 * Makes the function that counts sends.
 *
 * A limit store may be new, may have lost its data, or may count under tags of an older key. Then it is first given
 * back what the durable record has: the messages of its longest window (a day at least), what they cost, and the
 * guesses that are open on their codes. So no restart of the store refills a limit or a budget (promise 2). The step
 * that counts also checks that the store has them, so the next start notices a loss at any moment.
 */
export function createTakeSend(deps: RebuildDeps): TakeSend {
  let rebuilding: Promise<void> | undefined;
  return async (phoneTag, request, now) => {
    const epoch = tagKeyIdOf(phoneTag);
    const taken = await deps.limits.take({ epoch, ...request }, now);
    if (!isUnseeded(taken)) return taken;
    rebuilding ??= rebuild(deps, epoch).finally(() => {
      rebuilding = undefined;
    });
    await rebuilding;
    const again = await deps.limits.take({ epoch, ...request }, now);
    if (isUnseeded(again))
      throw new UnavailableError("the limits", { cause: undefined, retryAfterSeconds: 1 });
    return again;
  };
}

function isUnseeded(taken: TakeResult): boolean {
  return !taken.ok && taken.refusedBy === "unseeded";
}

async function rebuild(deps: RebuildDeps, epoch: string): Promise<void> {
  if (await deps.limits.seeded(epoch)) return;
  const now = deps.clock.now();
  const since = now - longestWindowMs(deps.settings.limits);
  const lost = createLost(deps, await deps.learned(), now);
  await deps.limits.seed(epoch, pagesOf(deps, lost, since));
}

/** Reads the record page by page, so that memory holds only one page. */
async function* pagesOf(
  { messages }: RebuildDeps,
  lost: (page: readonly SentMessage[]) => Promise<Lost>,
  since: number,
) {
  let after: string | undefined;
  for (;;) {
    const page = await messages.sentSince(since, { limit: PAGE, ...(after && { after }) });
    yield await lost(page);
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}
