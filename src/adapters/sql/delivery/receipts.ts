import type { ExpressionBuilder, Kysely } from "kysely";
import type {
  EarlyReport,
  Noted,
  ReceiptStore,
  Report,
  ReportedMessage,
} from "../../../core/delivery/receipt-ports.ts";
import { ifAbsent, rowCount, type SqlDatabase } from "../database.ts";
import { TRAFFIC_COLUMNS, trafficOf } from "../protection/traffic.ts";
import type { Schema } from "../tables/schema.ts";
import { messageOf } from "./messages.ts";

/** A message in one of these may still be delivered or fail. */
const OPEN = ["sending", "unknown", "accepted"] as const;
/** A sender took it, or may have. */
const TAKEN = ["unknown", "accepted", "delivered", "failed"] as const;

export function createReceiptStore({ db }: SqlDatabase): ReceiptStore {
  return {
    async note(to, report) {
      const id = (await findByNumber(db, to, report)) ?? (await findById(db, to, report));
      if (id === undefined) return undefined;
      await finish(db, id, to.sender, report);
      return await notedOf(db, id);
    },

    async isSending(tags, since) {
      const query = db.selectFrom("messages").select("id").where("phone_tag", "in", tags);
      const row = await query
        .where("status", "=", "sending")
        .where("created_at", ">", since)
        .executeTakeFirst();
      return row !== undefined;
    },

    async keepEarly({ phoneTag, outcome, code, at, ...named }, most) {
      const full = await db
        .selectFrom("early_reports")
        .select("id")
        .where("at", ">", 0)
        .orderBy("at")
        .limit(rowCount(1))
        .offset(rowCount(most - 1))
        .executeTakeFirst();
      if (full) return;
      const row = {
        id: earlyId(named),
        phone_tag: phoneTag,
        delivered: outcome === "delivered" ? 1 : 0,
        code,
        at,
      };
      await ifAbsent(db.insertInto("early_reports").values(row)).execute();
    },

    async early(limit) {
      const kept = await db
        .selectFrom("early_reports")
        .selectAll()
        .where("at", ">", 0)
        .orderBy("at")
        .limit(rowCount(limit))
        .execute();
      return kept.map(({ id, phone_tag, delivered, code, at }) => {
        const outcome = delivered === 1 ? "delivered" : "failed";
        const [, sender = "", providerId = ""] = /^(\S+) (.*)$/s.exec(id) ?? [];
        return { sender, providerId, phoneTag: phone_tag, outcome, code, at };
      });
    },

    async dropEarly(reports) {
      if (reports.length === 0) return;
      await db.deleteFrom("early_reports").where("id", "in", reports.map(earlyId)).execute();
    },

    async unreported(sender, { from, to }, limit) {
      const found = await db
        .selectFrom("messages")
        .select(["id", "phone_tag as phoneTag", "sealed_phone as sealedPhone", "created_at as createdAt"])
        .where("created_at", ">", from)
        .where("created_at", "<=", to)
        .where("sender", "=", sender)
        .where("status", "in", OPEN)
        // Messages of an erased account are left out: nobody knows any more whom they were for.
        .where("sealed_phone", "!=", "")
        .orderBy("created_at")
        .limit(rowCount(limit))
        .execute();
      return found;
    },

    async messagesTo(tags, limit) {
      const query = db.selectFrom("messages").selectAll().where("phone_tag", "in", tags);
      const found = await query.orderBy("created_at", "desc").limit(rowCount(limit)).execute();
      return found.map((row) => ({ ...messageOf(row), converted: row.converted === 1 }));
    },
  };
}

/** Includes the sender: two senders may use the same number for different messages. */
function earlyId({ sender, providerId }: Pick<EarlyReport, "sender" | "providerId">): string {
  return `${sender} ${providerId}`;
}

async function findByNumber(
  db: Kysely<Schema>,
  { sender, tags }: ReportedMessage,
  { providerId }: Report,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("messages")
    .select("id")
    .where("provider_id", "=", providerId)
    .where("sender", "=", sender)
    .where("phone_tag", "in", tags)
    .executeTakeFirst();
  return row?.id;
}

/**
 * Finds the message that a report names by our own id. It must have no provider's number yet, because otherwise that
 * number would have found it. If the report has no other number, it must have been taken by this sender. If sending was
 * cut off, nobody knows which sender had the message, so a report from any sender counts.
 */
async function findById(
  db: Kysely<Schema>,
  { sender, tags, messageId, cutOffBy }: ReportedMessage,
  { providerId }: Report,
): Promise<string | undefined> {
  if (messageId === undefined) return undefined;
  const named = db
    .selectFrom("messages")
    .select("id")
    .where("id", "=", messageId)
    .where("phone_tag", "in", tags);
  const isCutOff = (eb: ExpressionBuilder<Schema, "messages">) =>
    eb.and([eb("status", "=", "sending"), eb("created_at", "<=", cutOffBy)]);
  const fitting =
    providerId === messageId
      ? named.where((eb) =>
          eb.or([isCutOff(eb), eb.and([eb("status", "in", TAKEN), eb("sender", "=", sender)])]),
        )
      : named
          .where("provider_id", "is", null)
          .where("status", "in", ["sending", "unknown"])
          .where((eb) => eb.or([isCutOff(eb), eb("sender", "is", null), eb("sender", "=", sender)]));
  const row = await fitting.executeTakeFirst();
  return row?.id;
}

/** The message as it is after the report, whoever wrote it. */
async function notedOf(db: Kysely<Schema>, id: string): Promise<Noted | undefined> {
  const row = await db
    .selectFrom("messages")
    .select(["id", "status", "bucket", "member", ...TRAFFIC_COLUMNS])
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { status, bucket, member } = row;
  return { id, status, bucket, ...trafficOf(row), ...(member !== null && { member }) };
}

/** If several reports race, the first one stays. */
async function finish(
  db: Kysely<Schema>,
  id: string,
  sender: string,
  { outcome, code, at }: Report,
): Promise<void> {
  await db
    .updateTable("messages")
    .set({ sender, status: outcome, report_code: code, reported_at: at })
    .where("id", "=", id)
    .where("status", "in", OPEN)
    .execute();
}
