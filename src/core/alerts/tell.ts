import type { Piece } from "../maintenance/tick.ts";
import type { Clock } from "../ports.ts";
import { MINUTE_MS } from "../time.ts";
import { ALERT_KINDS } from "./kinds.ts";
import type { AlertMessage, AlertPost, AlertStore, Telling } from "./ports.ts";

export interface TellDeps {
  readonly store: AlertStore;
  readonly post: AlertPost;
  readonly clock: Clock;
}

const LONGEST_WAIT_MS = 60 * MINUTE_MS;
/** Waits of 1, 2, 4 … 60 minutes: three days, then it is given up. */
const MOST_ATTEMPTS = 77;
const PIECE = 10;

/**
 * Tells the operator what is due. Each is told at least once: whoever is killed between the call and the note of it
 * leaves it to the next, under the same id. One that does not arrive ends the piece: the others would not either, and
 * each takes the time of a call.
 *
 * @returns how many were told, and whether more may be due
 */
export async function tellAlerts(deps: TellDeps): Promise<Piece> {
  const due = await deps.store.due(deps.clock.now(), PIECE);
  let count = 0;
  for (const telling of due) {
    if (!(await tell(deps, telling))) return { count, isLast: true };
    count += 1;
  }
  return { count, isLast: due.length < PIECE };
}

async function tell({ store, post, clock }: TellDeps, telling: Telling): Promise<boolean> {
  const arrived = await post(messageOf(telling));
  const now = clock.now();
  if (arrived || telling.attempts + 1 >= MOST_ATTEMPTS) await store.told(telling, now);
  else await store.postpone(telling, now + Math.min(LONGEST_WAIT_MS, MINUTE_MS * 2 ** telling.attempts));
  return arrived;
}

function messageOf({ alert, what }: Telling): AlertMessage {
  const { id, kind, subject, detail, raisedAt, clearedAt } = alert;
  const { en, zh } = textsOf(kind);
  return {
    id: `${id}.${what}`,
    at: what === "cleared" ? (clearedAt ?? raisedAt) : raisedAt,
    type: `alert.${what}`,
    data: {
      id,
      kind,
      subject,
      text: { en, "zh-CN": zh },
      detail,
      raisedAt: new Date(raisedAt).toISOString(),
      ...(what === "cleared" && clearedAt !== undefined && { clearedAt: new Date(clearedAt).toISOString() }),
    },
  };
}

/** One that a later version raised says its kind alone: it must not keep all others from being told. */
function textsOf(kind: string): { readonly en: string; readonly zh: string } {
  const known: Readonly<Partial<Record<string, { readonly en: string; readonly zh: string }>>> = ALERT_KINDS;
  return known[kind] ?? { en: kind, zh: kind };
}
