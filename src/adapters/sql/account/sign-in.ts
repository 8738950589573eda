import type { Kysely } from "kysely";
import type { SignInDraft, UserStore } from "../../../core/account/ports.ts";
import { tagKeyIdOf } from "../../../core/keys.ts";
import { asksSecondFactor } from "../../../core/session/login-protection.ts";
import type { SqlDatabase } from "../database.ts";
import type { TagKey } from "../keys/tag-key.ts";
import { coalesce } from "../statements/coalesce.ts";
import type { Schema } from "../tables/schema.ts";
import { sessionValues, userValues } from "./account-rows.ts";
import { isUseOld, noteUse } from "./last-use.ts";
import { type Known, proven } from "./proven.ts";
import { isUnused, releaseUnused } from "./recycled.ts";
import { createSignInStatements, type SignInStatements } from "./sign-in-statements.ts";

/** `UserStore.signIn`: concurrent sign-ins share one transaction. */
export function createSignIn(database: SqlDatabase, tagKey: TagKey): UserStore["signIn"] {
  const statements = createSignInStatements(database);
  const signInAll = async (drafts: readonly SignInDraft[]) => {
    // Users are locked in one order, so that concurrent groups cannot deadlock.
    const ordered = drafts.toSorted((a, b) => (a.user.phoneTag < b.user.phoneTag ? -1 : 1));
    const arrivals = await database.transaction((trx) => signIn(trx, ordered, statements, tagKey));
    return drafts.map((draft) => outcomeOf(arrivals[ordered.indexOf(draft)] as Arrival));
  };
  return coalesce(signInAll);
}

/**
 * `UserStore.signInKnown`, used where no new user is accepted. It locks the user's row first, as adding a user does if
 * the user exists. So if login protection is turned on meanwhile, it ends this session or asks for a second factor.
 */
export function createSignInKnown(database: SqlDatabase, tagKey: TagKey): UserStore["signInKnown"] {
  const statements = createSignInStatements(database);
  return (draft) =>
    database.transaction(async (trx) => {
      await tagKey.assertCurrent(trx, draft.user.phoneTag);
      const { rows } = await statements.lockUser(trx, [{ tag: draft.user.phoneTag }]);
      const now = draft.session.createdAt;
      const [found] = rows;
      // An account that was unused for long stays unchanged: the number's present holder could not get an account of
      // their own here.
      if (!found || (await isUnused(trx, [draft], found, now))) return undefined;
      const [known] = await proven(trx, [found], now);
      if (!known) return undefined;
      const opened = isOpened(known, draft);
      await openSessions(trx, [{ draft, created: false, invited: false, opened, ...known }], statements);
      await convert(trx, [draft], statements);
      return { user: known.user, created: false, opened };
    });
}

/** One of the sign-ins of a transaction, and whose it is. */
interface Arrival extends Known {
  readonly draft: SignInDraft;
  /** Whether it made the user. */
  readonly created: boolean;
  readonly invited: boolean;
  /** Whether its session is opened. It is not if login protection asks for a second factor. */
  readonly opened: boolean;
}

/** What the port promises of an arrival, without what only the database needs. */
function outcomeOf({ user, created, opened }: Arrival) {
  return { user, created, opened };
}

async function signIn(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  statements: SignInStatements,
  tagKey: TagKey,
): Promise<readonly Arrival[]> {
  for (const keyed of firstOfEachKey(drafts)) await tagKey.assertCurrent(trx, keyed.user.phoneTag);
  const arrivals = await findOrCreate(trx, drafts, statements);
  // A user who is asked for a second factor has not signed in yet, and keeps the invitation.
  const guests = arrivals.filter(({ invited, opened }) => invited && opened);
  if (guests.length > 0)
    await statements.endInvitations(
      trx,
      guests.map(({ user }) => ({ tag: user.phoneTag })),
    );
  await openSessions(trx, arrivals, statements);
  await convert(trx, drafts, statements);
  return arrivals;
}

/** Nearly always one. */
function firstOfEachKey(drafts: readonly SignInDraft[]): readonly SignInDraft[] {
  return [...new Map(drafts.map((draft) => [tagKeyIdOf(draft.user.phoneTag), draft])).values()];
}

/** If several callers insert the same user, the one whose own draft is found afterwards created it. */
async function findOrCreate(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  statements: SignInStatements,
): Promise<readonly Arrival[]> {
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
  const users = new Map((await proven(trx, rows, now)).map((each) => [each.user.phoneTag, each]));
  const invited = new Set(rows.flatMap((row) => (row.invitation_id === null ? [] : [row.phone_tag])));
  return drafts.map((draft) => {
    const known = users.get(draft.user.phoneTag);
    if (!known) throw new Error("a user who was just made is not there");
    return {
      draft,
      created: known.user.id === draft.user.id,
      invited: invited.has(draft.user.phoneTag),
      opened: isOpened(known, draft),
      ...known,
    };
  });
}

function isOpened({ user }: Known, { session, knownEpoch }: SignInDraft): boolean {
  return !asksSecondFactor(user, session, knownEpoch);
}

async function openSessions(
  trx: Kysely<Schema>,
  arrivals: readonly Arrival[],
  statements: SignInStatements,
): Promise<void> {
  const opened = arrivals.filter(({ opened }) => opened);
  if (opened.length === 0) return;
  const now = Math.max(...opened.map(({ draft }) => draft.session.createdAt));
  // The row of a new user already says when it was used last.
  const known = opened.filter(({ created, lastUsedAt }) => !created && isUseOld(lastUsedAt, now));
  await noteUse(trx, [...new Set(known.map(({ user }) => user.id))], now);
  await statements.addSessions(
    trx,
    opened.map(({ draft, user }) => sessionValues({ ...draft.session, userId: user.id })),
  );
  await statements.addEvents(trx, opened.flatMap(eventsOf));
}

function eventsOf({ created, user, draft: { session } }: Arrival) {
  const event = { type: "sign_in" as const, user_id: user.id, session_id: session.id, at: session.createdAt };
  return created ? [{ ...event, type: "sign_up" as const, session_id: null }, event] : [event];
}

async function convert(
  trx: Kysely<Schema>,
  drafts: readonly SignInDraft[],
  statements: SignInStatements,
): Promise<void> {
  const approved = drafts.flatMap(({ verificationId: id }) => (id === undefined ? [] : [{ id }]));
  if (approved.length > 0) await statements.convert(trx, approved);
}
