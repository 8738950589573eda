import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { createSqlStores, type SqlStores } from "../../../../src/adapters/sql/stores.ts";
import {
  addSampleKey,
  addTagKey,
  aMessage,
  aSession,
  aUser,
  aVerification,
  fresh,
  NOW,
} from "../../../contracts/samples.ts";
import {
  asRoot,
  hasMariadb,
  openTestMysql,
  type TestMysql,
  useOwnMariadb,
} from "../../../support/services/mysql.ts";

useOwnMariadb();

const clock = { now: () => NOW };
const MANY = 16;
const many = <T>(make: (n: number) => T): T[] => Array.from({ length: MANY }, (_, n) => make(n));

/** The server's own counter of this name, for all its clients. */
async function counted(name: string): Promise<number> {
  const [row] = await asRoot(`show global status like '${name}'`);
  return Number(row?.Value);
}

/** Requests that come together share round trips and commits. This is held by numbers, not by time. */
describe.runIf(hasMariadb())("mariadb: calls of the same moment", () => {
  let opened: TestMysql;
  let watched: SqlDatabase;
  let stores: SqlStores;
  let newTag: () => string;
  const sent: string[] = [];
  beforeAll(async () => {
    opened = await openTestMysql(clock);
    watched = await openMysql(opened.server, { onStatement: (text) => sent.push(text) });
    stores = createSqlStores(watched, { clock, onStaleKey: () => {} });
    newTag = (await addTagKey(stores.keys)).tag;
    await addSampleKey(stores.keys);
  });
  afterAll(async () => {
    await watched.close();
    await opened.close();
  });

  /** How many statements these calls need. */
  const statements = async (calls: () => readonly Promise<unknown>[]) => {
    const before = sent.length;
    await Promise.all(calls());
    return sent.length - before;
  };
  const draft = () => {
    const user = aUser(newTag());
    return { user, session: aSession(user.id), verificationId: fresh("verification") };
  };

  test("16 sign-ins are one transaction of eight statements, and one commit", async () => {
    const commits = await counted("Com_commit");
    const drafts = many(draft);
    expect(await statements(() => drafts.map((each) => stores.users.signIn(each)))).toBe(8);
    expect((await counted("Com_commit")) - commits).toBe(1);
    const found = await Promise.all(drafts.map(({ session }) => stores.sessions.find(session.id)));
    expect(found.map((each) => each?.user.id)).toEqual(drafts.map(({ user }) => user.id));
  });

  test("16 new verifications are one statement, 16 reads are one, 16 guesses are four and one commit", async () => {
    const { verifications } = stores;
    const started = many(() => aVerification());
    const ids = started.map(({ id }) => id);
    expect(await statements(() => started.map((each) => verifications.create(each)))).toBe(1);
    expect(await statements(() => ids.map((id) => verifications.find(id)))).toBe(1);
    const commits = await counted("Com_commit");
    const guesses = ids.map((id, n) => () => verifications.guess({ id, isRight: n % 2 === 1 }, NOW));
    expect(await statements(() => guesses.map((guess) => guess()))).toBe(4);
    expect((await counted("Com_commit")) - commits).toBe(1);
    const found = await Promise.all(ids.map((id) => verifications.find(id)));
    expect(found).toEqual(
      started.map((each, n) => ({
        ...each,
        attemptsUsed: 1,
        ...(n % 2 === 1 && { outcome: "approved", approvedAt: NOW }),
      })),
    );
  });

  test("16 takes are one statement and one row, and so are the 16 settlements of approvals", async () => {
    const { limits } = stores;
    const phones = many(() => fresh("phone"));
    const lease = { wanted: 3, cap: 9, expiresAt: NOW + 60_000 };
    const windows = [{ max: 9, windowMs: 60_000 }];
    const take = (key: string) =>
      limits.take({ member: key, limits: [{ name: "any", key, windows }], lease: { ...lease, key } }, NOW);
    await take(fresh("first"));
    expect(await statements(() => phones.map(take))).toBe(1);
    const settle = (key: string) =>
      limits.settle({
        forget: { keys: [key], members: [key] },
        forgive: [],
        release: { key, member: key, count: 2 },
      });
    expect(await statements(() => phones.map(settle))).toBe(1);
    expect(await opened.database.db.selectFrom("limit_journal").selectAll().execute()).toHaveLength(4);
  });

  test("16 messages are one statement, and so are their outcomes, reads of sessions and reads of the ledger", async () => {
    const messages = many(() => aMessage());
    const outcome = { status: "accepted" as const, sender: "one", price: 1 };
    expect(await statements(() => messages.map((each) => stores.messages.create(each)))).toBe(1);
    expect(await statements(() => messages.map(({ id }) => stores.messages.finish(id, outcome)))).toBe(1);
    expect(await statements(() => many(() => stores.sessions.find(fresh("none"))))).toBe(1);
    expect(await statements(() => many(() => stores.ledger.read([newTag()], "stranger", 0)))).toBe(1);
  });

  test("each message gets its own outcome", async () => {
    const messages = many(() => aMessage());
    await Promise.all(messages.map((each) => stores.messages.create(each)));
    const outcomes = many((n) => ({
      status: n % 2 ? ("accepted" as const) : ("rejected" as const),
      sender: `sender-${n}`,
      price: n * 1_000_000_007,
      ...(n % 3 ? { providerId: `p${n}`, fee: n, heldUntil: NOW + n } : { providerCode: `c${n}` }),
    }));
    await Promise.all(
      messages.map(({ id }, n) => stores.messages.finish(id, outcomes[n] ?? { ...outcomes[0]! })),
    );
    for (const [n, { id }] of messages.entries()) {
      const row = await watched.db.selectFrom("messages").selectAll().where("id", "=", id).executeTakeFirst();
      expect(row).toMatchObject({
        status: outcomes[n]?.status,
        sender: `sender-${n}`,
        price: n * 1_000_000_007,
        provider_id: n % 3 ? `p${n}` : null,
        provider_code: n % 3 ? null : `c${n}`,
        fee: n % 3 ? n : null,
        held_until: n % 3 ? NOW + n : null,
      });
    }
  });

  test("of 16 sign-ins one of which cannot be written, fifteen are", async () => {
    const drafts = many(draft);
    drafts[5] = { ...draft(), session: aSession("", { id: "x".repeat(65) }) };
    const settled = await Promise.allSettled(drafts.map((each) => stores.users.signIn(each)));
    expect(settled.map(({ status }) => status)).toEqual(many((n) => (n === 5 ? "rejected" : "fulfilled")));
  });

  test("16 first sign-ins of one phone make one user, and one of them is told that it was created", async () => {
    const tag = newTag();
    const drafts = many(() => ({ ...draft(), user: aUser(tag) }));
    const signedIn = await Promise.all(drafts.map((each) => stores.users.signIn(each)));
    expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
    expect(signedIn.filter(({ created }) => created)).toHaveLength(1);
  });
});
