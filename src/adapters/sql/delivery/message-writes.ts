import { type Kysely, sql } from "kysely";
import type { Finished, Idempotency, Message } from "../../../core/delivery/ports.ts";
import { UnavailableError } from "../../../core/refusals.ts";
import { DAY_MS } from "../../../core/time.ts";
import type { SqlDatabase } from "../database.ts";
import type { KeyedRow, TagKey } from "../keys/tag-key.ts";
import { trafficValues } from "../protection/traffic.ts";
import { saidById } from "../statements/by-id.ts";
import { coalesce } from "../statements/coalesce.ts";
import { reusable } from "../statements/reusable.ts";
import type { MessageRow, Schema } from "../tables/schema.ts";

/** How long an idempotency key belongs to the message that it came with. */
const KEY_KEPT_MS = DAY_MS;

/**
 * The writes of every message: it is written before it is sent, and its outcome after. Concurrent messages share a
 * statement.
 */
export function createMessageWrites({ db, transaction }: SqlDatabase, tagKey: TagKey) {
  const insertAll = reusable((rows: readonly NewRow[]) => inserting(db, rows, tagKey));
  const finishAll = reusable((rows: readonly FinishedRow[]) => finishing(db, rows));

  const create = async (messages: readonly Message[]) => {
    const rows = messages.map((message) => ({
      ...messageValues(message),
      ...tagKey.keyed(message.phoneTag),
    }));
    const isKeyed = messages.some(({ idempotency }) => idempotency);
    const [only = [], ...others] = underEachKey(rows);
    if (!isKeyed && others.length === 0) await insertAll(db, only);
    else
      await transaction(async (trx) => {
        if (isKeyed) await freeKeys(trx, messages);
        for (const same of [only, ...others]) await insertAll(trx, same);
      });
    return messages.map(() => undefined);
  };

  const finish = async (outcomes: readonly Outcome[]) => {
    await finishAll(db, outcomes.map(finishedValues));
    return outcomes.map(() => undefined);
  };

  const write = coalesce(create);
  return {
    async create(message: Message) {
      try {
        await write(message);
        return true;
      } catch (error) {
        if (error instanceof UnavailableError) throw error;
        if (await isKeyTaken(db, message)) return false;
        await tagKey.assertCurrent(db, message.phoneTag);
        throw error;
      }
    },

    finish: coalesce(finish),
  };
}

type NewRow = MessageRow & KeyedRow;

/** Nearly always one group. */
function underEachKey(rows: readonly NewRow[]): readonly (readonly NewRow[])[] {
  const keys = [...new Set(rows.map(({ keyId }) => keyId))];
  return keys.map((key) => rows.filter(({ keyId }) => keyId === key));
}

/**
 * Inserts rows whose tags are under one key. The tag of the first row is selected only if that key is in use. Otherwise
 * it is null, and no row is inserted. The key is locked as in `assertCurrent`.
 */
function inserting(db: Kysely<Schema>, rows: readonly NewRow[], tagKey: TagKey) {
  return db.insertInto("messages").values((eb) => {
    const underCurrentKey = (tag: string, key: KeyedRow) =>
      eb
        .selectFrom("keys")
        .select(eb.val(tag).as("phone_tag"))
        .where(tagKey.currentAmong([key]))
        .forShare();
    return rows.map(({ keyId, latest, phone_tag, ...row }, index) => ({
      ...row,
      phone_tag: index === 0 ? underCurrentKey(phone_tag, { keyId, latest }) : phone_tag,
    }));
  });
}

type Outcome = readonly [id: string, outcome: Finished];

/** Frees idempotency keys a day after they were used: the unique index would keep them for ever. */
async function freeKeys(trx: Kysely<Schema>, messages: readonly Message[]): Promise<void> {
  const keys = messages.flatMap(({ idempotency }) => idempotency?.key ?? []);
  const earliest = Math.min(...messages.map(({ createdAt }) => createdAt));
  await trx
    .updateTable("messages")
    .set({ idempotency_key: null })
    .where("idempotency_key", "in", keys)
    .where("created_at", "<=", earliest - KEY_KEPT_MS)
    .execute();
}

/** Whether another message has the key of this one. */
async function isKeyTaken(db: Kysely<Schema>, { id, idempotency }: Message): Promise<boolean> {
  if (!idempotency) return false;
  const query = db.selectFrom("messages").select("id").where("idempotency_key", "=", idempotency.key);
  return (await query.where("id", "!=", id).executeTakeFirst()) !== undefined;
}

function finishedValues([id, outcome]: Outcome) {
  return { id, ...outcomeValues(outcome), price: outcome.price, status: outcome.status };
}

type FinishedRow = ReturnType<typeof finishedValues>;

/**
 * One statement for all messages: each column takes the value for the row's id. If an account was erased while the
 * sender was asked, the provider's id of the message is not written.
 */
function finishing(db: Kysely<Schema>, rows: readonly FinishedRow[]) {
  const said = <K extends keyof FinishedRow>(name: K) => saidById(rows, name);
  const unlessErased = <K extends keyof FinishedRow>(name: K) =>
    sql<FinishedRow[K]>`case when sealed_phone = '' then null else ${said(name)} end`;
  return db
    .updateTable("messages")
    .set({
      sender: said("sender"),
      provider_id: unlessErased("provider_id"),
      provider_code: said("provider_code"),
      request_id: unlessErased("request_id"),
      fee: said("fee"),
      held_until: said("held_until"),
      price: said("price"),
      status: sql`case when status in ('delivered', 'failed') then status else ${said("status")} end`,
    })
    .where(
      "id",
      "in",
      rows.map(({ id }) => id),
    );
}

export function messageValues(message: Message): MessageRow {
  return {
    id: message.id,
    verification_id: message.verificationId,
    phone_tag: message.phoneTag,
    sealed_phone: message.sealedPhone,
    purpose: message.purpose,
    bucket: message.bucket,
    ...trafficValues(message.traffic),
    client: message.client ?? null,
    member: message.member ?? null,
    price: message.price,
    status: message.status,
    created_at: message.createdAt,
    ...outcomeValues(message),
    report_code: message.reportCode ?? null,
    reported_at: message.reportedAt ?? null,
    converted: 0,
    ...idempotencyValues(message.idempotency),
  };
}

type OutcomeOf = Pick<Message, "sender" | "providerId" | "providerCode" | "requestId" | "fee" | "heldUntil">;

function outcomeValues({ sender, providerId, providerCode, requestId, fee, heldUntil }: OutcomeOf) {
  return {
    sender: sender ?? null,
    provider_id: providerId ?? null,
    provider_code: providerCode ?? null,
    request_id: requestId ?? null,
    fee: fee ?? null,
    held_until: heldUntil ?? null,
  };
}

function idempotencyValues(idempotency: Idempotency | undefined) {
  return {
    idempotency_key: idempotency?.key ?? null,
    idempotency_fingerprint: idempotency?.fingerprint ?? null,
    answer_code_length: idempotency?.answer.codeLength ?? null,
    answer_expires_at: idempotency?.answer.expiresAt ?? null,
    answer_resend_at: idempotency?.answer.resendAt ?? null,
  };
}
