import type { Idempotency, Message, MessageStore, SentMessage } from "../../../core/delivery/ports.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { TRAFFIC_COLUMNS, trafficOf } from "../protection/traffic.ts";
import type { MessageRow } from "../tables/schema.ts";
import { createMessageWrites } from "./message-writes.ts";

export function createMessageStore(database: SqlDatabase, tagKey: TagKey): MessageStore {
  const { db } = database;
  const writes = createMessageWrites(database, tagKey);
  return {
    create: writes.create,
    finish: (id, outcome) => writes.finish([id, outcome]),

    async convert(verificationId) {
      await db
        .updateTable("messages")
        .set({ converted: 1 })
        .where("verification_id", "=", verificationId)
        .execute();
    },

    async heldUntil(phoneTag, sender, now) {
      const { until } = await db
        .selectFrom("messages")
        .select((eb) => eb.fn.max("held_until").as("until"))
        .where("phone_tag", "=", phoneTag)
        .where("held_until", ">", now)
        .where("sender", "=", sender)
        .executeTakeFirstOrThrow();
      return until ?? undefined;
    },

    async findByIdempotencyKey(key, since) {
      const row = await db
        .selectFrom("messages")
        .selectAll()
        .where("idempotency_key", "=", key)
        .where("created_at", ">", since)
        .executeTakeFirst();
      return row && messageOf(row);
    },

    async findOf(verificationId) {
      const row = await db
        .selectFrom("messages")
        .select(SENT_COLUMNS)
        .where("verification_id", "=", verificationId)
        .limit(rowCount(1))
        .executeTakeFirst();
      return row && sentOf(row);
    },

    async sentSince(since, { after, limit }) {
      const cursor = after === undefined ? undefined : await createdAtOf(after);
      let query = db
        .selectFrom("messages")
        .select([...SENT_COLUMNS, "converted"])
        .where("created_at", ">", since);
      if (after !== undefined && cursor !== undefined) {
        query = query
          .where("created_at", ">=", cursor)
          .where((eb) => eb.or([eb("created_at", ">", cursor), eb("id", ">", after)]));
      }
      const page = await query.orderBy("created_at").orderBy("id").limit(rowCount(limit)).execute();
      return page.map((row) => ({ ...sentOf(row), converted: row.converted === 1 }));
    },
  };

  /** Rejects if the message does not exist: a page after it would start from the beginning again, for ever. */
  async function createdAtOf(id: string): Promise<number> {
    const row = await db.selectFrom("messages").select("created_at").where("id", "=", id).executeTakeFirst();
    if (!row) throw new Error("the message to go on after does not exist");
    return row.created_at;
  }
}

const SENT_COLUMNS = [
  ...(["id", "verification_id", "phone_tag", "purpose", "bucket", "created_at"] as const),
  ...(["member", "price", "sender", "status", "client"] as const),
  ...TRAFFIC_COLUMNS,
] as const;

/** What every reader of a message wants to know. */
function sentOf(row: Pick<MessageRow, (typeof SENT_COLUMNS)[number]>): Omit<SentMessage, "converted"> {
  return {
    id: row.id,
    verificationId: row.verification_id,
    phoneTag: row.phone_tag,
    purpose: row.purpose,
    bucket: row.bucket,
    ...trafficOf(row),
    ...(row.client !== null && { client: row.client }),
    ...(row.member !== null && { member: row.member }),
    price: row.price ?? 0,
    status: row.status,
    ...(row.sender !== null && { sender: row.sender }),
    createdAt: row.created_at,
  };
}

export function messageOf(row: MessageRow): Message {
  const idempotency = idempotencyOf(row);
  return {
    ...sentOf(row),
    sealedPhone: row.sealed_phone,
    ...(row.provider_id !== null && { providerId: row.provider_id }),
    ...(row.provider_code !== null && { providerCode: row.provider_code }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.fee !== null && { fee: row.fee }),
    ...(row.held_until !== null && { heldUntil: row.held_until }),
    ...(row.report_code !== null && { reportCode: row.report_code }),
    ...(row.reported_at !== null && { reportedAt: row.reported_at }),
    ...(idempotency && { idempotency }),
  };
}

function idempotencyOf(row: MessageRow): Idempotency | undefined {
  const { idempotency_key: key, idempotency_fingerprint: fingerprint } = row;
  if (key === null || fingerprint === null) return undefined;
  return {
    key,
    fingerprint,
    answer: {
      codeLength: row.answer_code_length ?? 0,
      expiresAt: row.answer_expires_at ?? 0,
      resendAt: row.answer_resend_at ?? 0,
    },
  };
}
