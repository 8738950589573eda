import type { Kysely } from "kysely";
import type { SignInDraft, User, UserStore } from "../../core/account/ports.ts";
import { tagKeyIdOf } from "../../core/keys.ts";
import { asksSecondFactor } from "../../core/session/protection.ts";
import { sessionValues, userOf, userValues } from "./account-rows.ts";
import { coalesce } from "./coalesce.ts";
import { ifAbsent, type SqlDatabase } from "./database.ts";
import { addEvents } from "./events.ts";
import { isUseOld, noteUse } from "./last-use.ts";
import { isReleased, isUnused, releaseUnused } from "./recycled.ts";
import { reusable } from "./reusable.ts";
import type { EventType, Schema, SessionRow, UserRow } from "./schema.ts";
import { endSessionsOf, lockUser } from "./sessions.ts";
import type { TagKey } from "./tag-key.ts";

/** `UserStore.signIn`: the sign-ins of one moment go together, in one transaction. */
export function createSignIn(database: SqlDatabase, tagKey: TagKey): UserStore["signIn"] {
  const statements = createStatements(database);
  const signInAll = async (drafts: readonly SignInDraft[]) => {
    // Users are locked in one order: groups that meet do not wait for each other in a circle.
    const ordered = drafts.toSorted((a, b) => (a.user.phoneTag < b.user.phoneTag ? -1 : 1));
    const signedIn = await database.transaction((trx) => signIn(trx, ordered, statements, tagKey));
    return drafts.map((draft) => told(signedIn[ordered.indexOf(draft)] as Entered));
  };
  return coalesce(signInAll);
}

/**
 * `UserStore.signInKnown`, which is asked where nobody new is taken. The user's row is locked first, as adding it does where
 * somebody is: login protection that is turned on meanwhile ends this session or asks for a second factor.
 */
export function createSignInKnown(database: SqlDatabase, tagKey: TagKey): UserStore["signInKnown"] {
  const statements = createStatements(database);
  return (draft) =>
    database.transaction(async (trx) => {
      await tagKey.assertCurrent(trx, draft.user.phoneTag);
      const { rows } = await statements.lockUser(trx, [{ tag: draft.user.phoneTag }]);
      const now = draft.session.createdAt;
      const [found] = rows;
      // Who holds the number now gets no account: to take it from whoever has it would serve nobody.
      if (!found || (await isUnused(trx, [draft], found, now))) return undefined;
      const [known] = await proven(trx, [found], now);
      if (!known) return undefined;
      const entered = { created: false, opened: isOpened(known, draft), ...known };
      await openSessions(trx, [draft], [entered], statements);
      if (draft.verificationId !== undefined) await statements.convert(trx, [{ id: draft.verificationId }]);
      return { user: known.user, created: false, opened: entered.opened };
    });
}

/** When the user was used before is the database's own business. */
function told({ user, created, opened }: Entered) {
  return { user, created, opened };
}

interface Known {
  readonly user: User;
  readonly lastUsedAt: number | null;
}

interface SignedIn extends Known {
  readonly created: boolean;
  readonly invited: boolean;
}

type Entered = Omit<SignedIn, "invited"> & { readonly opened: boolean };

type Statements = ReturnType<typeof createStatements>;

function createStatements({ db }: SqlDatabase) {
  return {
    addUsers: reusable((rows: readonly UserRow[]) => ifAbsent(db.insertInto("users").values(rows))),
    findUsers: reusable((rows: readonly { tag: string }[]) =>
      db
        .selectFrom("users")
        .leftJoin("invitations", "invitations.phone_tag", "users.phone_tag")
        .select("invitations.id as invitation_id")
        .selectAll("users")
        .where(
          "users.phone_tag",
          "in",
          rows.map(({ tag }) => tag),
        ),
    ),
    lockUser: reusable(([row]: readonly { tag: string }[]) =>
      db
        .selectFrom("users")
        .selectAll()
        .where("phone_tag", "=", row?.tag ?? "")
        .forUpdate(),
    ),
    endInvitations: reusable((rows: readonly { tag: string }[]) =>
      db.deleteFrom("invitations").where(
        "phone_tag",
        "in",
        rows.map(({ tag }) => tag),
      ),
    ),
    addSessions: reusable((rows: readonly SessionRow[]) => db.insertInto("sessions").values(rows)),
    addEvents: reusable((rows: readonly EventRow[]) => db.insertInto("events").values(rows)),
    convert: reusable((rows: readonly { id: string }[]) =>
      db
        .updateTable("messages")
        .set({ converted: 1 })
        .where(
          "verification_id",
          "in",
          rows.map(({ id }) => id),
        ),
    ),
  };
}

interface EventRow {
  readonly [name: string]: string | number | null;
  readonly type: EventType;
  readonly user_id: string;
  readonly session_id: string | null;
  readonly at: number;
}

async function signIn(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  statements: Statements,
  tagKey: TagKey,
): Promise<readonly Entered[]> {
  for (const keyed of firstOfEachKey(drafts)) await tagKey.assertCurrent(trx, keyed.user.phoneTag);
  const signedIn = await findOrCreate(trx, drafts, statements);
  const entered = signedIn.map((one, n) => ({ opened: isOpened(one, drafts[n]), ...one }));
  // Whoever is asked for a second factor is not in yet.
  const arrived = entered.filter(({ invited, opened }) => invited && opened);
  if (arrived.length > 0)
    await statements.endInvitations(
      trx,
      arrived.map(({ user }) => ({ tag: user.phoneTag })),
    );
  await openSessions(trx, drafts, entered, statements);
  const approved = drafts.flatMap(({ verificationId: id }) => (id === undefined ? [] : [{ id }]));
  if (approved.length > 0) await statements.convert(trx, approved);
  return entered;
}

function isOpened({ user }: Known, draft: SignInDraft | undefined): boolean {
  return draft !== undefined && !asksSecondFactor(user, draft.session, draft.knownEpoch);
}

async function openSessions(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  entered: readonly Entered[],
  statements: Statements,
): Promise<void> {
  const opened = drafts.flatMap(({ session }, n) => {
    const { user, created, lastUsedAt = null, opened = false } = entered[n] ?? {};
    return user && opened ? [{ created, lastUsedAt, session: { ...session, userId: user.id } }] : [];
  });
  if (opened.length === 0) return;
  const now = Math.max(...opened.map(({ session }) => session.createdAt));
  // Who was created just now was noted with that.
  const known = opened.filter(({ created, lastUsedAt }) => !created && isUseOld(lastUsedAt, now));
  await noteUse(trx, [...new Set(known.map(({ session }) => session.userId))], now);
  await statements.addSessions(
    trx,
    opened.map(({ session }) => sessionValues(session)),
  );
  await statements.addEvents(
    trx,
    opened.flatMap(({ created, session: { userId, id, createdAt: at } }) => {
      const event = { type: "sign_in" as const, user_id: userId, session_id: id, at };
      return created ? [{ ...event, type: "sign_up" as const, session_id: null }, event] : [event];
    }),
  );
}

/** `UserStore.enter`: the user's row comes first, so that of several who open the same session one does. */
export function createEnter({ transaction }: SqlDatabase): UserStore["enter"] {
  return ({ session, knownEpoch, epoch }) =>
    transaction(async (trx) => {
      const row = await lockUser(trx, session.userId);
      if (!row || isReleased(row) || (await isThere(trx, session.id))) return undefined;
      const user = userOf(row);
      if (epoch !== undefined && user.deviceEpoch !== epoch) return undefined;
      if (asksSecondFactor(user, session, knownEpoch)) return { user, opened: false };
      await trx.insertInto("sessions").values(sessionValues(session)).execute();
      const { userId, id: sessionId, createdAt: at } = session;
      await noteUse(trx, [userId], at);
      await addEvents(trx, { type: "sign_in", userId, sessionId, at });
      return { user, opened: true };
    });
}

async function isThere(trx: Kysely<Schema>, sessionId: string): Promise<boolean> {
  const found = await trx.selectFrom("sessions").select("id").where("id", "=", sessionId).executeTakeFirst();
  return found !== undefined;
}

/** Nearly always one. */
function firstOfEachKey(drafts: readonly SignInDraft[]): readonly SignInDraft[] {
  return [...new Map(drafts.map((draft) => [tagKeyIdOf(draft.user.phoneTag), draft])).values()];
}

/** Of several callers, the one whose own draft is found afterwards created the user. */
async function findOrCreate(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  statements: Statements,
): Promise<readonly SignedIn[]> {
  const { addUsers, findUsers } = statements;
  const now = Math.max(...drafts.map(({ session }) => session.createdAt));
  await addUsers(
    trx,
    drafts.map(({ user, session }) => userValues(user, session.createdAt)),
  );
  const { rows } = await findUsers(
    trx,
    drafts.map(({ user }) => ({ tag: user.phoneTag })),
  );
  if (await releaseUnused(trx, drafts, rows, now)) return await findOrCreate(trx, drafts, statements);
  const known = new Map((await proven(trx, rows, now)).map((each) => [each.user.phoneTag, each]));
  const invited = new Set(rows.flatMap((row) => (row.invitation_id === null ? [] : [row.phone_tag])));
  return drafts.map((draft) => {
    const found = known.get(draft.user.phoneTag);
    if (!found) throw new Error("a user who was just made is not there");
    return {
      created: found.user.id === draft.user.id,
      invited: invited.has(draft.user.phoneTag),
      ...found,
    };
  });
}

/** These users, each of whom is proven by now. */
async function proven(trx: Kysely<Schema>, rows: readonly UserRow[], now: number): Promise<Known[]> {
  const users: Known[] = [];
  for (const row of rows) {
    const user = userOf(row);
    const isProven = user.unprovenSince === undefined;
    users.push({ user: isProven ? user : await prove(trx, user, now), lastUsedAt: row.last_used_at });
  }
  return users;
}

/**
 * The first code of a user who was moved in. Whoever had made themselves at home under this phone before its holder
 * came (pre-hijacking) is out: no session of before lives on, and no device token or password of before is good.
 */
async function prove(trx: Kysely<Schema>, user: User, now: number): Promise<User> {
  const { unprovenSince: _, passwordSetAt: __, ...proven } = { ...user, deviceEpoch: user.deviceEpoch + 1 };
  await trx
    .updateTable("users")
    .set({
      unproven_since: null,
      sealed_password: null,
      password_set_at: null,
      device_epoch: proven.deviceEpoch,
      updated_at: now,
    })
    .where("id", "=", user.id)
    .execute();
  await endSessionsOf(trx, [user.id], now);
  return proven;
}
