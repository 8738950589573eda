import type { Kysely } from "kysely";
import type { SignInDraft, User, UserStore } from "../../core/account/ports.ts";
import { sessionValues, userOf, userValues } from "./account-rows.ts";
import { ifAbsent, type SqlDatabase } from "./database.ts";
import { type AuditEvent, addEvents } from "./events.ts";
import { markConverted } from "./messages.ts";
import type { Schema, UserRow } from "./schema.ts";
import { endSessionsOf } from "./sessions.ts";
import type { TagKey } from "./tag-key.ts";

export function createUserStore({ db, transaction }: SqlDatabase, tagKey: TagKey): UserStore {
  return {
    find: (id) => findUser(db, id),

    async findByTag(tag) {
      const found = await db
        .selectFrom("keys")
        .leftJoin("users", (join) => join.on("users.phone_tag", "=", tag))
        .selectAll("users")
        .where(tagKey.current(tag))
        .executeTakeFirst();
      if (!found) return tagKey.stale();
      return found.id === null ? undefined : userOf(found as UserRow);
    },

    update: (id, { name, avatar }, now) =>
      transaction(async (trx) => {
        await trx
          .updateTable("users")
          .set({
            ...(name !== undefined && { name }),
            ...(avatar !== undefined && { avatar }),
            updated_at: now,
          })
          .where("id", "=", id)
          .execute();
        return await findUser(trx, id);
      }),

    signIn: (draft) =>
      transaction(async (trx) => {
        await tagKey.assertCurrent(trx, draft.user.phoneTag);
        const signedIn = await findOrCreate(trx, draft.user, draft.session.createdAt);
        await openSession(trx, draft, signedIn);
        if (draft.verificationId !== undefined) await markConverted(trx, draft.verificationId);
        return signedIn;
      }),
  };
}

async function findUser(db: Kysely<Schema>, id: string): Promise<User | undefined> {
  const row = await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
  return row && userOf(row);
}

interface SignedIn {
  readonly user: User;
  readonly created: boolean;
}

/** Of several callers, the one whose own draft is found afterwards created the user. */
async function findOrCreate(trx: Kysely<Schema>, draft: User, now: number): Promise<SignedIn> {
  await ifAbsent(trx.insertInto("users").values(userValues(draft, now))).execute();
  const row = await trx
    .selectFrom("users")
    .selectAll()
    .where("phone_tag", "=", draft.phoneTag)
    .executeTakeFirstOrThrow();
  const user = userOf(row);
  if (user.unprovenSince !== undefined) return { user: await prove(trx, user, now), created: false };
  return { user, created: row.id === draft.id };
}

/**
 * The first code of a user who was moved in. Whoever had made themselves at home under this phone before its holder
 * came (pre-hijacking) is out: no session of before lives on, and no device token of before is good.
 */
async function prove(trx: Kysely<Schema>, user: User, now: number): Promise<User> {
  const { unprovenSince: _, ...proven } = { ...user, deviceEpoch: user.deviceEpoch + 1 };
  await trx
    .updateTable("users")
    .set({ unproven_since: null, device_epoch: proven.deviceEpoch, updated_at: now })
    .where("id", "=", user.id)
    .execute();
  await endSessionsOf(trx, [user.id], now);
  return proven;
}

async function openSession(trx: Kysely<Schema>, draft: SignInDraft, signedIn: SignedIn): Promise<void> {
  const userId = signedIn.user.id;
  const { id: sessionId, createdAt: at } = draft.session;
  await trx
    .insertInto("sessions")
    .values(sessionValues({ ...draft.session, userId }))
    .execute();
  const events: AuditEvent[] = [{ type: "sign_in", userId, sessionId, at }];
  if (signedIn.created) events.unshift({ type: "sign_up", userId, at });
  await addEvents(trx, ...events);
}
