import type { Kysely } from "kysely";
import type { AccountData, AccountStore } from "../../../core/life/account-ports.ts";
import { userOf } from "../account/account-rows.ts";
import { findUserRow } from "../account/user-rows.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import { lockChanger } from "../factors/changes.ts";
import type { Schema } from "../tables/schema.ts";
import { eraseUser } from "./personal-data.ts";

/**
 * A bound that is larger than any account's kept data. The newest events and notices say since when it has its number.
 */
const MOST = 10_000;

export function createAccountStore({ db, transaction }: SqlDatabase): AccountStore {
  return {
    erase: ({ userId, tags, id, by, sessionId, at }, onCommit) =>
      transaction(async (trx) => {
        if (sessionId !== undefined) {
          const user = await lockChanger(trx, { userId, sessionId }, at);
          if (!user || !tags.includes(user.phone_tag)) return false;
        }
        const event = by === "operator" ? "account_erased_by_operator" : "account_erased";
        const erased = await eraseUser(trx, { userId, tags, erasureId: id, by: event, at });
        if (erased) onCommit?.();
        return erased;
      }),

    async read(userId, tags) {
      const row = await findUserRow(db, userId);
      if (!row) return undefined;
      const [events, notices] = [await eventsOf(db, userId), await noticesOf(db, userId)];
      return {
        user: userOf(row),
        ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
        factors: await factorsOf(db, userId),
        sessions: await sessionsOf(db, userId),
        events,
        notices,
        ...(await keptByPhone(db, tags, hasPhoneSince(row.created_at, events, notices))),
      };
    },

    async noteExport(userId, by, at) {
      const type = by === "operator" ? "account_exported_by_operator" : "account_exported";
      await transaction((trx) => addEvents(trx, { type, userId, at }));
    },
  };
}

async function factorsOf(db: Kysely<Schema>, userId: string): Promise<AccountData["factors"]> {
  const found = await db
    .selectFrom("factors")
    .select(["kind", "label", "created_at", "last_used_at"])
    .where("user_id", "=", userId)
    .limit(rowCount(MOST))
    .execute();
  return found.map(({ kind, label, created_at, last_used_at }) => {
    return { kind, label, createdAt: created_at, ...(last_used_at !== null && { lastUsedAt: last_used_at }) };
  });
}

async function sessionsOf(db: Kysely<Schema>, userId: string): Promise<AccountData["sessions"]> {
  const found = await db
    .selectFrom("sessions")
    .select(["id", "device_id", "user_agent", "amr", "created_at", "last_used_at", "expires_at", "ended_at"])
    .where("user_id", "=", userId)
    .limit(rowCount(MOST))
    .execute();
  return found.map((each) => ({
    id: each.id,
    deviceId: each.device_id,
    userAgent: each.user_agent,
    methods: each.amr.split(" "),
    createdAt: each.created_at,
    lastUsedAt: each.last_used_at,
    expiresAt: each.expires_at,
    ...(each.ended_at !== null && { endedAt: each.ended_at }),
  }));
}

async function eventsOf(db: Kysely<Schema>, userId: string): Promise<AccountData["events"]> {
  const found = await db
    .selectFrom("events")
    .select(["type", "session_id", "at"])
    .where("user_id", "=", userId)
    .orderBy("at", "desc")
    .limit(rowCount(MOST))
    .execute();
  return found.toReversed().map(({ type, session_id, at }) => {
    return { type, at, ...(session_id !== null && { sessionId: session_id }) };
  });
}

async function noticesOf(db: Kysely<Schema>, userId: string): Promise<AccountData["notices"]> {
  return await db
    .selectFrom("notices")
    .select(["kind", "state", "created_at as at"])
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .limit(rowCount(MOST))
    .execute();
}

/**
 * When the account got its present number: when it was created, or when it moved to the number. The audit trail may be
 * kept for less time than messages and replies, but the notice of a move is kept as long as they are.
 */
function hasPhoneSince(
  createdAt: number,
  events: AccountData["events"],
  notices: AccountData["notices"],
): number {
  const noted = events.filter(({ type }) => type === "phone_changed");
  const told = notices.filter(({ kind }) => kind === "phone_changed");
  return Math.max(createdAt, ...[...noted, ...told].map(({ at }) => at));
}

/** Who had the phone before is somebody else. */
async function keptByPhone(
  db: Kysely<Schema>,
  tags: readonly string[],
  since: number,
): Promise<Pick<AccountData, "messages" | "replies">> {
  if (tags.length === 0) return { messages: [], replies: [] };
  const messages = await db
    .selectFrom("messages")
    .select(["purpose", "status", "sender", "client", "created_at", "reported_at"])
    .where("phone_tag", "in", tags)
    .where("created_at", ">=", since)
    .limit(rowCount(MOST))
    .execute();
  const replies = await db
    .selectFrom("replies")
    .select(["id", "sealed_text as sealedText", "at"])
    .where("phone_tag", "in", tags)
    .where("at", ">=", since)
    .limit(rowCount(MOST))
    .execute();
  return {
    messages: messages.map((each) => ({
      purpose: each.purpose,
      status: each.status,
      at: each.created_at,
      ...(each.sender !== null && { sender: each.sender }),
      ...(each.client !== null && { client: each.client }),
      ...(each.reported_at !== null && { reportedAt: each.reported_at }),
    })),
    replies,
  };
}
