import type { Kysely } from "kysely";
import type { EventType, Schema } from "./tables/schema.ts";

export interface AuditEvent {
  readonly type: EventType;
  readonly userId: string;
  readonly sessionId?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Adds to the audit trail, in the transaction of the change that the events tell of. */
export async function addEvents(trx: Kysely<Schema>, ...events: readonly AuditEvent[]): Promise<void> {
  const values = events.map(({ type, userId, sessionId = null, at }) => {
    return { type, user_id: userId, session_id: sessionId, at };
  });
  await trx.insertInto("events").values(values).execute();
}
