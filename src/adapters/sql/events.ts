import type { Kysely } from "kysely";
import type { EventType, Schema } from "./schema.ts";

export interface AuditEvent {
  readonly type: EventType;
  readonly userId: string;
  readonly sessionId?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Adds to the audit trail; in the transaction of what it tells about. */
export async function addEvent(trx: Kysely<Schema>, event: AuditEvent): Promise<void> {
  const { type, userId, sessionId = null, at } = event;
  await trx.insertInto("events").values({ type, user_id: userId, session_id: sessionId, at }).execute();
}
